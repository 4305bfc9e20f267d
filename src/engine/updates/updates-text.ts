import type { NodeUpdates, RebootLock, Slots, UpdateGroup, UpdatesState } from './updates-state.js';
import { nodePhrase, nodeWord, statusWord } from './updates-words.js';

/** `Update server: up, group lab gives 1.1.0, safe mode, rollout in progress` */
export function serverSentence({ server }: UpdatesState): string {
  if (server.state === 'unknown') return `Update server: not known. ${server.reason ?? ''}`.trimEnd();
  if (server.state === 'down') return `Update server: down. ${server.reason ?? ''}`.trimEnd();
  const groups = server.groups.map(groupWords);
  return `Update server: up, ${groups.length === 0 ? 'no groups' : groups.join('; ')}`;
}

/** `group lab gives 1.1.0, safe mode, rollout in progress` */
export function groupWords({ name, version, enabled, safeMode, rollout }: UpdateGroup): string {
  return [
    `group ${name} gives ${version ?? 'nothing'}`,
    ...(safeMode ? ['safe mode'] : []),
    ...(enabled ? (rollout ? ['rollout in progress'] : []) : ['updates paused']),
  ].join(', ');
}

/** `Reboot lock: held by core-02` */
export function lockSentence(lock: RebootLock): string {
  return `Reboot lock: ${lockWords(lock)}`;
}

export function lockWords({ state, holders }: RebootLock): string {
  if (state === 'unknown') return 'not known, no etcd answers';
  if (state === 'never') return 'nobody has taken it yet';
  if (state === 'free') return 'free';
  return `held by ${holders.map(({ machine, id }) => machine ?? id).join(' and ')}`;
}

/** `1 of 3 on 1.1.0, core-02 downloads 43 %, core-02 holds the reboot lock` */
export function rolloutSentence({ server, lock, nodes }: UpdatesState, { percent = true } = {}): string {
  if (nodes.length === 0) return 'no nodes';
  const target = mainGroup(server.groups);
  const paused = target?.enabled === false ? ['updates are paused'] : [];
  const doing = nodes.flatMap((node) => doingWords(percent ? node : withoutPercent(node)));
  const held = lock.holders.map(({ machine, id }) => `${machine ?? `machine ${id}`} holds the reboot lock`);
  return [versionWords(nodes, target?.version), ...doing, ...paused, ...held].join(', ');
}

/** That of the most machines: in the lab there is one. */
function mainGroup(groups: readonly UpdateGroup[]): UpdateGroup | undefined {
  const offering = groups.filter(({ version }) => version !== undefined);
  return offering.toSorted((a, b) => b.instances - a.instances)[0];
}

function versionWords(nodes: readonly NodeUpdates[], target: string | undefined): string {
  const counts = new Map<string, number>();
  for (const { version = 'an unknown version' } of nodes) counts.set(version, (counts.get(version) ?? 0) + 1);
  if (target !== undefined) return `${counts.get(target) ?? 0} of ${nodes.length} on ${target}`;
  return [...counts].map(([version, count]) => `${count} on ${version}`).join(', ');
}

function doingWords(node: NodeUpdates): string[] {
  const phrase = nodePhrase(node);
  return phrase === undefined ? [] : [`${node.machine} ${phrase}`];
}

function withoutPercent(node: NodeUpdates): NodeUpdates {
  const { percent: _percent, ...engine } = node.engine ?? { running: false };
  return node.engine === undefined ? node : { ...node, engine };
}

/** `2/0/1`: priority, tries, successful. */
export function slotNumbers(slots: Slots, name: 'A' | 'B'): string {
  const { priority, tries, successful } = slots[name];
  return `${priority}/${tries}/${successful}`;
}

/** What `coreos-lab updates` prints. */
export function updatesText(state: UpdatesState): string {
  const rows = state.nodes.map((node) => [
    node.machine,
    node.address ?? '-',
    node.version ?? '-',
    slotCell(node, 'A'),
    slotCell(node, 'B'),
    nodeWord(node),
    node.lock ? 'holds lock' : '-',
    node.server === undefined ? '-' : `${statusWord(node.server.status)} (${node.server.version || '?'})`,
    time(node.engine?.lastCheck ?? node.server?.time),
  ]);
  const titles = ['NODE', 'ADDRESS', 'RUNS', 'USR-A', 'USR-B', 'ENGINE', 'LOCK', 'SERVER', 'LAST CHECK'];
  return [
    serverSentence(state),
    lockSentence(state.lock),
    `Nodes: ${rolloutSentence(state)}`,
    ...(rows.length === 0 ? [] : ['', ...columns([titles, ...rows]), '', LEGEND]),
  ].join('\n');
}

const LEGEND = 'USR-A, USR-B: priority/tries/successful; * is the one that runs.';

function slotCell({ slots }: NodeUpdates, name: 'A' | 'B'): string {
  if (slots === undefined || slots === 'none') return '-';
  return `${slotNumbers(slots, name)}${slots.running === name ? '*' : ''}`;
}

function time(epoch: number | undefined): string {
  return epoch === undefined ? '-' : `${new Date(epoch).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function columns(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ')}`.trimEnd(),
  );
}

import type { ClusterState } from '../../engine/cluster/cluster-state.js';
import { quorumWaitText } from '../../engine/cluster/quorum-wait.js';
import type { MachineView } from '../state/lab-state.js';
import { clock } from '../theme/format.js';
import { clip, width as columnsOf, pad, plain } from '../theme/text.js';
import { glyph, type Theme } from '../theme/theme.js';
import { type ClusterRow, clusterRows } from './cluster-rows.js';

export interface ClusterLook {
  theme: Theme;
  width: number;
  height: number;
  now: number;
  /** The machine that is chosen. */
  selected: string | undefined;
}

/**
 * Two lines on Mayu and etcd as a whole, then a line for each node: address, what Mayu says, what etcd says. Where the height does
 * not do, the names of the columns give way first; what is left out at the end is counted.
 */
export function clusterLines(
  cluster: ClusterState | undefined,
  machines: readonly MachineView[],
  look: ClusterLook,
): string[] {
  const { theme, width, height } = look;
  if (cluster === undefined)
    return [theme.paint('dim', clip('Mayu and etcd are looked at once the provisioner answers.', width))];
  const head = [mayuLine(cluster, theme), etcdLine(cluster, theme)].map((line) => clip(line, width));
  const rows = clusterRows(cluster, machines);
  if (rows.length === 0) return [...head, theme.paint('dim', clip('No node has booted from Mayu yet.', width))];
  const names = Math.min(Math.max(4, ...rows.map(({ name }) => columnsOf(plain(name)))), Math.floor(width * 0.35));
  const columns = `  ${pad('NODE', names)}  ${pad('ADDRESS', 15)}  ${pad('MAYU', 12)}  ${pad('ETCD', 13)}`;
  const wide = width >= columnsOf(columns) + 9;
  const titles = theme.paint('dim', clip(wide ? `${columns}  PROFILE` : columns.trimEnd(), width));
  const body = rows.map((row) => rowLine(row, names, look));
  const room = Math.max(1, height - head.length);
  if (body.length < room) return [...head, titles, ...body];
  if (body.length === room) return [...head, ...body];
  return [...head, ...body.slice(0, room - 1), theme.paint('dim', clip(`  … ${body.length - room + 1} more`, width))];
}

function mayuLine({ mayu }: ClusterState, theme: Theme): string {
  const reason = mayu.reason === undefined ? '' : `  ${plain(mayu.reason)}`;
  if (mayu.state === 'unknown') return `${theme.paint('dim', glyph.off)} Mayu  not known${theme.paint('dim', reason)}`;
  if (mayu.state === 'down')
    return `${theme.paint('bad', glyph.bad)} Mayu  ${theme.paint('bad', 'down')}${theme.paint('dim', reason)}`;
  if (mayu.dhcp === false) {
    return `${theme.paint('warn', glyph.warn)} Mayu  up, ${theme.paint('warn', 'but nobody serves DHCP: restart mayu')}`;
  }
  return `${theme.paint('ok', glyph.on)} Mayu  up${mayu.dhcp ? ', serves DHCP and the image' : ''}`;
}

function etcdLine({ etcd }: ClusterState, theme: Theme): string {
  const { members, quorum, waits } = etcd;
  if (waits !== undefined)
    return `${theme.paint('warn', glyph.half)} etcd  ${theme.paint('warn', plain(quorumWaitText(waits)))}`;
  if (members.length === 0) return `${theme.paint('dim', glyph.off)} etcd  no member answers`;
  const healthy = members.filter((member) => member.healthy).length;
  const leader = members.find((member) => member.leader);
  const led = leader === undefined ? 'nobody leads' : `${plain(leader.name || (leader.address ?? '?'))} leads`;
  const [tone, mark] = quorum ? (['ok', glyph.on] as const) : (['bad', glyph.bad] as const);
  const all = `${healthy} of ${members.length} healthy`;
  const count = healthy === members.length ? all : theme.paint('warn', all);
  return `${theme.paint(tone, mark)} etcd  ${theme.paint(tone, quorum ? 'quorum' : 'no quorum')}, ${count}, ${led}`;
}

function rowLine(row: ClusterRow, names: number, { theme, width, now, selected }: ClusterLook): string {
  const name = pad(plain(row.name), names);
  const start = `  ${row.name === selected ? theme.paint('selected', name) : name}  ${pad(row.ip ?? '-', 15)}  `;
  const parts = [mayuCell(row, theme), etcdCell(row, theme)];
  const { host } = row;
  if (host?.profile !== undefined) parts.push(theme.paint('dim', plain(host.profile)));
  if (host?.lastBoot !== undefined) parts.push(theme.paint('dim', `booted ${clock(now - host.lastBoot)} ago`));
  const room = width - columnsOf(start);
  // What does not fit is left out as a whole, the least important first.
  while (parts.length > 2 && columnsOf(parts.join('  ')) > room) parts.pop();
  return clip(start + parts.join('  ').trimEnd(), width);
}

function mayuCell({ host }: ClusterRow, theme: Theme): string {
  if (host === undefined) return theme.paint('dim', pad(`${glyph.off} unknown`, 12));
  const text = plain(host.state);
  if (host.state === 'running') return `${theme.paint('ok', glyph.on)} ${pad(text, 10)}`;
  if (host.state === 'installing') return `${theme.paint('warn', glyph.half)} ${pad(text, 10)}`;
  return `${theme.paint('dim', glyph.off)} ${pad(text, 10)}`;
}

function etcdCell({ member, host }: ClusterRow, theme: Theme): string {
  if (member === undefined) return theme.paint('dim', pad(`${glyph.skip} no member`, 13));
  if (!member.started) return `${theme.paint('warn', glyph.half)} ${pad('not started', 11)}`;
  // A member that is being installed is not there yet, which is no fault.
  if (!member.healthy && host?.state === 'installing')
    return `${theme.paint('warn', glyph.half)} ${pad('joining', 11)}`;
  if (!member.healthy) return `${theme.paint('bad', glyph.bad)} ${theme.paint('bad', pad('not healthy', 11))}`;
  return `${theme.paint('ok', glyph.on)} ${pad(member.leader ? 'leader' : 'healthy', 11)}`;
}

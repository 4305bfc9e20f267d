import type { OnProvisioner } from '../cluster/mayu-host.js';
import { LabError } from '../errors.js';
import { nodeScript, readNode } from './node-script.js';
import type { ServerAnswer, UpdateInstance } from './update-server.js';
import { sortUpdates, type UpdatesAnswers, updatesScript } from './updates-script.js';
import type { NodeUpdates, RebootLock, UpdateServerState, UpdatesState } from './updates-state.js';

export interface UpdatesWays {
  provisioner: OnProvisioner;
  /** Runs a script on a node, quietly. Rejects with LabError when it does not answer. */
  node(machine: string, ...run: Parameters<OnProvisioner>): ReturnType<OnProvisioner>;
}

export interface AskedNode {
  machine: string;
  address?: string;
  runs: boolean;
  /** Whether it is worth asking. */
  ask: boolean;
}

export interface UpdatesAsked {
  /** Private address of the provisioner. */
  provisioner: string;
  nodes: readonly AskedNode[];
  /** The state of before: what silent nodes were like. */
  before?: UpdatesState | undefined;
}

const TIMEOUT = 12_000;
const NODE_TIMEOUT = 8000;
/** curl: cannot connect, timed out, empty answer, connection broken off. */
const NO_ANSWER: ReadonlySet<number> = new Set([7, 28, 52, 56]);

/**
 * Looks once: at server and lock by one script on the provisioner, at each node by one there, all at the same time. What does not answer is told so.
 * Rejects only with the signal's reason.
 */
export async function lookAtUpdates(
  ways: UpdatesWays,
  { provisioner, nodes, before }: UpdatesAsked,
  signal?: AbortSignal,
): Promise<UpdatesState> {
  const etcd = nodes.flatMap(({ runs, address }) => (runs && address !== undefined ? [address] : []));
  const [told, ...looks] = await Promise.all([
    answer(ways.provisioner(updatesScript({ provisioner, etcd }), options(TIMEOUT, signal))),
    ...nodes.map(async (node) => ({
      ...kept(node, before),
      ...(node.runs && node.ask ? await askNode(ways, node.machine, signal) : {}),
    })),
  ]);
  const answers = sortUpdates('text' in told ? told.text : '');
  const { readServer } = await import('./update-server.js');
  const { readLock } = await import('./reboot-lock.js');
  const server = answers.server?.exitCode === 0 ? readServer(answers.server.text, answers.instances) : undefined;
  const withServer = looks.map((node) => ({ node, instance: instanceOf(node, server?.instances ?? []) }));
  const lock = named(readLock(answers.locks), withServer);
  return {
    server: 'reason' in told ? { state: 'unknown', ...told, groups: [] } : serverState(answers, server),
    lock,
    nodes: withServer.map(({ node, instance }) => ({
      ...node,
      ...(instance === undefined ? {} : { server: viewOf(instance) }),
      ...(lock.holders.some(({ machine }) => machine === node.machine) ? { lock: true } : {}),
    })),
  };
}

/** What a node was like when it answered last, which its disk still is. */
function kept({ machine, address, runs }: AskedNode, before: UpdatesState | undefined): NodeUpdates {
  const { id, version, slots } = before?.nodes.find((node) => node.machine === machine) ?? {};
  return {
    machine,
    ...(address === undefined ? {} : { address }),
    state: runs ? 'silent' : 'off',
    ...(id === undefined ? {} : { id }),
    ...(version === undefined ? {} : { version }),
    ...(slots === undefined ? {} : { slots }),
  };
}

async function askNode(ways: UpdatesWays, machine: string, signal?: AbortSignal): Promise<Partial<NodeUpdates>> {
  const told = await answer(ways.node(machine, nodeScript, options(NODE_TIMEOUT, signal)));
  return 'text' in told ? { state: 'answers', ...readNode(told.text) } : {};
}

/** What a script printed, or why it did not. */
async function answer(run: ReturnType<OnProvisioner>): Promise<{ text: string } | { reason: string }> {
  try {
    const { timedOut, exitCode, stdout, stderr } = await run;
    if (timedOut) return { reason: 'The provisioner is too busy to say how the updates are.' };
    if (exitCode !== 0)
      return {
        reason: `The provisioner cannot say: ${stderr
          .replace(/\p{Cc}+/gu, ' ')
          .trim()
          .slice(0, 200)}`,
      };
    return { text: stdout };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { reason: error.message };
  }
}

function serverState({ server }: UpdatesAnswers, read: ServerAnswer | undefined): UpdateServerState {
  if (read !== undefined) return { state: 'up', groups: read.groups };
  if (server === undefined) return { state: 'unknown', reason: 'The provisioner did not say.', groups: [] };
  const reason = NO_ANSWER.has(server.exitCode)
    ? 'Nothing answers on port 8000 of the provisioner.'
    : `What answers on port 8000 is no update server: ${server.text
        .replace(/\p{Cc}/gu, '')
        .trim()
        .slice(0, 120)}`;
  return { state: 'down', reason, groups: [] };
}

/**
 * By machine id. Of a node whose id is not known, as it restarts just now, by its address; there may be some of before it was installed anew, so the
 * one that asked last.
 */
function instanceOf({ id, address }: NodeUpdates, instances: readonly UpdateInstance[]): UpdateInstance | undefined {
  if (id !== undefined) return instances.find((one) => one.id === id);
  if (address === undefined) return undefined;
  return instances.filter(({ ip }) => ip === address).sort((a, b) => (b.time ?? 0) - (a.time ?? 0))[0];
}

function named(
  lock: RebootLock,
  nodes: readonly { node: NodeUpdates; instance: UpdateInstance | undefined }[],
): RebootLock {
  return {
    ...lock,
    holders: lock.holders.map(({ id }) => {
      const machine = nodes.find(({ node, instance }) => (node.id ?? instance?.id) === id)?.node.machine;
      return { id, ...(machine === undefined ? {} : { machine }) };
    }),
  };
}

function viewOf({ id: _id, ip: _ip, ...view }: UpdateInstance) {
  return view;
}

function options(timeout: number, signal: AbortSignal | undefined) {
  return { timeout, ...(signal && { signal }) };
}

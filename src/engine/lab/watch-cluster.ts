import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterLook } from '../cluster/cluster-look.js';
import { type ClusterState, NO_ETCD } from '../cluster/cluster-state.js';
import type { MachineConfig } from '../config/lab-config.js';
import { stageIndex } from '../console/stage-order.js';
import type { BootStage } from '../events.js';
import { BootPatience } from './boot-patience.js';

/** Milliseconds between two looks. */
const PACE = {
  /** While all that is waited for is too early in its boot. */
  early: 60_000,
  /** While the cluster forms. */
  forming: 4000,
  /** When that brings no news. */
  slow: 8000,
  rest: 12_000,
  /** Nodes that boot side by side come to a stage soon after another: then one look is enough. */
  together: 5000,
};
/** A node that comes here has asked Mayu for its configuration: Mayu knows it, and where it will be. */
const KNOWN_TO_MAYU = stageIndex('ignition');
/** After this many looks without news, looking slows down. */
const CALM = 20;
/** A look takes what the provisioner may need for its real work: it rests this many times as long as the look took. */
const REST = 8;
const LONGEST = 25_000;
/** While there is nobody to ask, how often that is looked at. */
const IDLE = 1000;

export interface ClusterWatchParts {
  /** Asks Mayu, etcd of all nodes but those that boot, and sshd of those that are worth asking. */
  look(nodes: { asked: readonly MachineConfig[]; booting: readonly MachineConfig[] }): Promise<ClusterLook>;
  address(machine: MachineConfig): Promise<string | undefined>;
  provisionerAnswers(): boolean;
  /** Nodes that run. */
  nodes(): readonly MachineConfig[];
  stage(name: string): BootStage | undefined;
  /** Its ssh answered in this boot. */
  isReached(name: string): boolean;
  /** One verified try. */
  sshAnswers(name: string): Promise<boolean>;
  reached(name: string): Promise<unknown>;
  emit(state: ClusterState): void;
  pace?: Partial<typeof PACE>;
  /** The host's; asked for when a node boots. */
  slowness(): Promise<number>;
  signal: AbortSignal;
}

/**
 * Follows the cluster: tells what changed, and when ssh of a node answers. One script on the provisioner asks for all of it; only
 * a node whose sshd greets is logged in to, once in a boot. Nothing is asked while the provisioner does not answer. Ends with the
 * signal.
 */
export async function watchCluster(parts: ClusterWatchParts): Promise<void> {
  const { signal } = parts;
  const pace = { ...PACE, ...parts.pace };
  let last: ClusterState | undefined;
  let before = '';
  const patience = new Map<string, BootPatience>();
  let slowness = 1;
  const worthAsking = ({ name }: MachineConfig) => {
    const boot = patience.get(name) ?? new BootPatience({ stage: () => parts.stage(name), slowness });
    patience.set(name, boot);
    return boot.worthAsking();
  };
  const knownToMayu = ({ name }: MachineConfig) => stageIndex(parts.stage(name) ?? 'power-on') >= KNOWN_TO_MAYU;
  for (let calm = 0; !signal.aborted; calm++) {
    const waiting = parts.nodes().filter(({ name }) => !parts.isReached(name));
    let rest = IDLE;
    if (waiting.length > 0) slowness = await parts.slowness().catch(() => slowness);
    const asked = waiting.filter(worthAsking);
    const booting = waiting.filter((node) => !asked.includes(node));
    const known = booting.filter(knownToMayu).length;
    const began = Date.now();
    const state = await (parts.provisionerAnswers() ? look(parts, { asked, booting }, last) : off(last)).catch(
      () => last,
    );
    const took = Date.now() - began;
    if (signal.aborted) return;
    if (state !== undefined && JSON.stringify(state) !== JSON.stringify(last)) {
      calm = 0;
      last = state;
      parts.emit(state);
    }
    // A machine that was just started is looked at closely again.
    const now = waiting.map(({ name }) => name).join();
    if (now !== before) calm = 0;
    before = now;
    if (parts.provisionerAnswers()) {
      const forming = waiting.length > 0 || (last !== undefined && !isSettled(last, parts.nodes()));
      const early = waiting.length > 0 && asked.length === 0;
      const wanted = !forming ? pace.rest : early ? pace.early : calm < CALM ? pace.forming : pace.slow;
      rest = Math.max(wanted, Math.min(took * REST, LONGEST));
    }
    const looked = Date.now();
    const news = () =>
      waiting.filter(worthAsking).length > asked.length ||
      (Date.now() - looked > pace.together && booting.filter(knownToMayu).length > known);
    await pause(parts, rest, now, news);
  }
}

async function look(
  parts: ClusterWatchParts,
  nodes: Parameters<ClusterWatchParts['look']>[0],
  last: ClusterState | undefined,
): Promise<ClusterState> {
  const { state, ssh } = await parts.look(nodes);
  for (const machine of nodes.asked) {
    const address = await parts.address(machine);
    if (address === undefined || !ssh.includes(address)) continue;
    if (await parts.sshAnswers(machine.name)) await parts.reached(machine.name);
  }
  // What Mayu knew is still so while it does not answer.
  if (state.mayu.state === 'up' || last === undefined) return state;
  return { ...state, mayu: { ...state.mayu, hosts: last.mayu.hosts } };
}

async function off(last: ClusterState | undefined): Promise<ClusterState | undefined> {
  if (last === undefined) return undefined;
  const reason = 'The provisioner does not answer.';
  return { mayu: { state: 'unknown', reason, hosts: last.mayu.hosts }, etcd: NO_ETCD };
}

/** Nothing is on its way: all nodes that run are done with their installation, and all members are healthy. */
function isSettled({ mayu, etcd }: ClusterState, running: readonly MachineConfig[]): boolean {
  const runs = (name: string | undefined) => running.some((machine) => machine.name === name);
  const installing = mayu.hosts.some(({ machine, state }) => state === 'installing' && runs(machine));
  return !installing && etcd.members.every((member) => member.healthy || !runs(member.name));
}

/** Sleeps, but not longer than until a machine starts, there is `news`, or the provisioner goes. */
async function pause(
  parts: ClusterWatchParts,
  milliseconds: number,
  booting: string,
  news: () => boolean,
): Promise<void> {
  const { signal } = parts;
  const answers = parts.provisionerAnswers();
  const until = Date.now() + milliseconds;
  while (Date.now() < until && !signal.aborted) {
    await sleep(Math.min(500, milliseconds), undefined, { signal }).catch(() => undefined);
    const now = parts
      .nodes()
      .filter(({ name }) => !parts.isReached(name))
      .map(({ name }) => name)
      .join();
    if (now !== booting && now !== '' && now.length > booting.length) return;
    if (news() || parts.provisionerAnswers() !== answers) return;
  }
}

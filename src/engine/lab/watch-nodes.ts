import { setTimeout as sleep } from 'node:timers/promises';
import { knock } from '../cluster/ssh-knock.js';
import type { MachineConfig } from '../config/lab-config.js';
import type { Access } from './access.js';

const QUICK = 2000;
const SLOW = 8000;
/** After this many rounds without news, looking slows down. */
const CALM = 15;

export interface NodeWatchParts {
  access: Access;
  nodes(): readonly MachineConfig[];
  /** Names of nodes that run and whose ssh has not answered yet; empty while the provisioner does not answer. */
  waiting(): string[];
  /** One verified try. */
  sshAnswers(name: string): Promise<boolean>;
  reached(name: string): Promise<void>;
  signal: AbortSignal;
}

/**
 * Tells when ssh of nodes answers. The provisioner knocks at all of them in one go; only who greets is logged in to, once in a
 * boot. Ends with the signal.
 */
export async function watchNodes(parts: NodeWatchParts): Promise<void> {
  const { signal } = parts;
  let before = '';
  for (let calm = 0; !signal.aborted; calm++) {
    const waiting = parts.waiting();
    const news = waiting.join();
    // A machine that was just started is looked at closely again.
    if (news !== before) calm = 0;
    before = news;
    if (waiting.length > 0) await look(parts, waiting).catch(() => undefined);
    await sleep(calm < CALM ? QUICK : SLOW, undefined, { signal }).catch(() => undefined);
  }
}

async function look({ access, nodes, sshAnswers, reached }: NodeWatchParts, waiting: readonly string[]): Promise<void> {
  const machines = nodes().filter(({ name }) => waiting.includes(name));
  const addresses = () => Promise.all(machines.map((machine) => access.addresses.known(machine)));
  let known = await addresses();
  if (known.includes(undefined)) {
    await access.addresses.ask({ maxAge: QUICK / 2, timeout: 6000 }).catch(() => undefined);
    known = await addresses();
  }
  const greeting = await knock(
    (script, options) => access.onProvisioner(script, options),
    known.filter((address) => address !== undefined),
  );
  for (const [index, { name }] of machines.entries()) {
    if (greeting.has(known[index] ?? '') && (await sshAnswers(name))) await reached(name);
  }
}

import { MayuDown } from '../cluster/mayu-down.js';
import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import { provisionerOf, selectMachines } from './machines.js';
import type { Power, PowerParts } from './power.js';
import type { Reach } from './reach.js';

/**
 * Starts machines and waits for ssh of those that have a system or will get one: the provisioner, and nodes that were
 * installed or that Mayu is there to install. What is not waited for, and why, is said.
 */
export async function upMachines(
  parts: PowerParts,
  power: Power,
  reach: Reach,
  names: readonly string[],
  operation: OperationOptions = {},
): Promise<void> {
  const { config, consoles, events } = parts;
  const machines = selectMachines(config, names);
  // Followed from the first byte on, so that no stage of the boot is missed.
  const ends = await Promise.all(machines.map(({ name }) => consoles.follow(name)));
  try {
    await power.start(names, operation);
    const provisioner = machines.filter(({ role }) => role === 'provisioner');
    await reach.wait(provisioner, 'ssh', operation);
    const nodes = machines.filter(({ role }) => role === 'node');
    if (nodes.length === 0) return;
    const { wanted, left, why } = await awaited(parts, nodes, operation.signal);
    if (left.length > 0) {
      const text = `${left.map(({ name }) => name).join(', ')}: powered on. ${why}`;
      events.emit({ type: 'notice', level: 'info', text });
    }
    await reach.wait(wanted, 'ssh', operation);
  } finally {
    await Promise.all(ends.map((end) => end()));
  }
}

const BLANK = 'A blank disk has no system to wait for; lesson 2 installs one over the network.';

/** Which nodes to wait for, which to leave, and why. */
async function awaited(
  { access, config }: PowerParts,
  nodes: readonly MachineConfig[],
  signal: AbortSignal | undefined,
): Promise<{ wanted: MachineConfig[]; left: MachineConfig[]; why: string }> {
  const addresses = await Promise.all(nodes.map((node) => access.addresses.known(node)));
  const known = nodes.filter((_node, index) => addresses[index] !== undefined);
  const blank = nodes.filter((node) => !known.includes(node));
  const { name } = provisionerOf(config);
  if (!(await access.provisionerRuns())) {
    const why = known.length === 0 ? BLANK : `Nodes are reached through ${name}, which is off: coreos-lab up ${name}`;
    return { wanted: [], left: [...nodes], why };
  }
  if (blank.length === 0) return { wanted: known, left: [], why: '' };
  try {
    await access.addresses.ask({ timeout: 10_000, ...(signal && { signal }) });
    return { wanted: [...nodes], left: [], why: '' };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    // A service that is on its way up will answer the machines, whose firmware asks for an address again and again.
    if (error instanceof MayuDown && (error.service === 'starting' || error.service === 'running')) {
      return { wanted: [...nodes], left: [], why: '' };
    }
    const missing = error instanceof MayuDown && (error.service === 'missing' || error.service === 'unknown');
    return { wanted: known, left: blank, why: missing ? BLANK : `Nobody installs them: ${error.message}` };
  }
}

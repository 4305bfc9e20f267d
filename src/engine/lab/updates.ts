import type { AskedNode } from '../updates/updates-look.js';
import type { UpdatesState } from '../updates/updates-state.js';
import type { Access } from './access.js';
import { provisionerOf } from './machines.js';
import type { LabParts } from './parts.js';

export interface LookOptions {
  /** Nodes that are worth asking; otherwise all that run. */
  answers?: (name: string) => boolean;
  before?: UpdatesState | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * How far the nodes are with their updates. Never starts or changes anything; what does not answer is told so. Rejects only with the signal's
 * reason.
 */
export async function lookAtLab(
  { config, provider, ssh, access }: LabParts & { access: Access },
  { answers = () => true, before, signal }: LookOptions = {},
): Promise<UpdatesState> {
  const states = await provider.states(config.machines.map(({ name }) => name));
  const existing = config.machines.filter(
    ({ name, role }) => role === 'node' && (states.get(name) ?? 'not_created') !== 'not_created',
  );
  const nodes = await Promise.all(
    existing.map(async (machine): Promise<AskedNode> => {
      const address = await access.addresses.known(machine);
      const runs = states.get(machine.name) === 'running';
      return {
        machine: machine.name,
        ...(address === undefined ? {} : { address }),
        runs,
        ask: runs && address !== undefined && answers(machine.name),
      };
    }),
  );
  const { slowness } = await provider.probe();
  const { lookAtUpdates } = await import('../updates/updates-look.js');
  return lookAtUpdates(
    {
      provisioner: (script, options) => access.onProvisioner(script, options),
      // One that is not where it was is told as silent: looking for it anew is the work of those who need it.
      node: async (name, script, options) => {
        const machine = existing.find((each) => each.name === name) as (typeof existing)[number];
        const timeout = options.timeout * Math.min(slowness, 4);
        return ssh.script(await access.target(machine, options.signal), script, { ...options, timeout, quiet: true });
      },
    },
    { provisioner: provisionerOf(config).ip ?? '127.0.0.1', nodes, before },
    signal,
  );
}

import { quoteCommand } from '../../exec-quote.js';
import type { MachineSpec, Provider } from '../provider.js';
import {
  attachArgs,
  controllerArgs,
  createArgs,
  diskArgs,
  type PrivateLink,
  serialArgs,
  settingsArgs,
  type Tunnel,
  wiringArgs,
} from './args.js';
import { basePath } from './disks.js';
import type { VBoxMachinePaths } from './paths.js';
import type { VBoxVersion } from './version.js';

type Verb = Parameters<Provider['native']>[0];

export interface NativeFacts {
  program: string;
  /** The machine's name in VirtualBox. */
  name: string;
  uuid: string;
  paths: VBoxMachinePaths;
  version: VBoxVersion;
  link: PrivateLink;
  tunnel: Tunnel | undefined;
}

/** The lines that do the same by hand. */
export function nativeLines(verb: Verb, spec: MachineSpec, facts: NativeFacts): string[] {
  const line = (args: readonly string[]) => quoteCommand(facts.program, args);
  return calls(verb, spec, facts).map(line);
}

function calls(verb: Verb, spec: MachineSpec, facts: NativeFacts): string[][] {
  const { name, paths } = facts;
  switch (verb) {
    case 'create':
      return createCalls(name, spec, facts);
    case 'start':
      return [
        wiringArgs(name, spec, { tunnel: facts.tunnel, forwarded: spec.uplink?.sshPort, trace: undefined }),
        ['startvm', name, '--type', 'headless'],
      ].filter((args) => args.length > 2);
    case 'shutdown':
      return [['controlvm', name, 'acpipowerbutton']];
    case 'powerOff':
      return [['controlvm', name, 'poweroff']];
    case 'reset':
      return [['controlvm', name, 'reset']];
    case 'destroy':
      return [
        ['controlvm', name, 'poweroff'],
        ['unregistervm', name],
        ['closemedium', 'disk', paths.disk, '--delete'],
      ];
  }
}

/** Everything that makes a machine, in order. `machine`: its name or UUID. */
export function createCalls(
  machine: string,
  spec: MachineSpec,
  facts: Omit<NativeFacts, 'program' | 'tunnel'>,
): string[][] {
  const { base, sizeGiB } = spec.disk;
  const disk = base === undefined ? { sizeGiB } : { sizeGiB, base: basePath(base, sizeGiB) };
  const { paths } = facts;
  return [
    createArgs(facts.name, facts.uuid, paths.home),
    diskArgs(paths.disk, disk),
    settingsArgs(machine, spec, facts),
    serialArgs(machine, spec.serial),
    controllerArgs(machine),
    attachArgs(machine, 0, 'hdd', paths.disk),
    ...(spec.ignitionFile === undefined ? [] : [attachArgs(machine, 1, 'dvddrive', paths.configDrive)]),
  ];
}

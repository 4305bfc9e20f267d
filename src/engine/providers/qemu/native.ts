import { quoteCommand, quoteWord } from '../../exec-quote.js';
import type { MachineSpec, Provider } from '../provider.js';
import { type Accelerator, diskArgs, qemuArgs } from './args.js';
import type { MachinePaths } from './paths.js';

type Verb = Parameters<Provider['native']>[0];

const MONITOR_COMMANDS = { shutdown: 'system_powerdown', powerOff: 'quit', reset: 'system_reset' } as const;

/** The lines that do the same by hand. Monitor commands are shown as a pipe into QEMU's socket. */
export function nativeLines(verb: Verb, spec: MachineSpec, paths: MachinePaths, accelerator: Accelerator): string[] {
  switch (verb) {
    case 'create':
      return [quoteCommand('qemu-img', diskArgs(spec.disk, paths.disk, spec.disk.sizeGiB * 1024 ** 3))];
    case 'start':
      return [quoteCommand('qemu-system-x86_64', qemuArgs(spec, { paths, accelerator }))];
    case 'destroy':
      return [monitorLine(MONITOR_COMMANDS.powerOff, paths), quoteCommand('rm', ['-r', paths.directory])];
    default:
      return [monitorLine(MONITOR_COMMANDS[verb], paths)];
  }
}

export function monitorLine(command: string, paths: MachinePaths): string {
  const messages = ['qmp_capabilities', command].map((execute) => quoteWord(JSON.stringify({ execute }))).join(' ');
  return `printf '%s\\n' ${messages} | socat -t1 - ${quoteWord(`UNIX-CONNECT:${paths.qmp}`)}`;
}

import { mayuDetails, mayuHostNamed, mayuTable } from '../../engine/cluster/mayu-table.js';
import { LabError } from '../../engine/errors.js';
import { fetchedText, hostsText, sentText, sentUpdatesText } from '../../engine/lab/brought-texts.js';
import { statusTable } from '../../engine/lab/status-table.js';
import type { Lab } from '../../engine/lab.js';
import { type LabCommand, parseLabBlock } from '../lab-verbs.js';
import type { Action } from '../lesson.js';
import type { Executor } from './executor.js';
import { narrate } from './narrate.js';

/** Runs a `lab` block line by line; what the lab does meanwhile is its output. */
export const executeLab: Executor = async ({ action, lab, events, slowness, signal, output }) => {
  const { commands, faults } = parseLabBlock(action.source);
  const [fault] = faults;
  if (fault !== undefined) {
    throw new LabError({
      code: 'LESSON_FAULTY',
      message: `${action.position.file}:${action.position.line + 1 + fault.line}: ${fault.message}.`,
      remedy: [`${fault.suggestion}`, 'coreos-lab lessons lint'],
      exitCode: 2,
    });
  }
  const print = (line: string) => output('stdout', Buffer.from(`${line}\n`));
  for (const command of commands) {
    signal.throwIfAborted();
    if (commands.length > 1) print(`$ lab ${command.text}`);
    const looks = command.verb === 'status' || (command.verb === 'mayu' && /^(list|status)$/.test(command.action));
    const stop = looks ? () => {} : events.subscribe(narrate(print));
    try {
      await runLabCommand(lab, command, { slowness, signal, print });
    } finally {
      stop();
    }
  }
  return {};
};

interface CommandOptions {
  slowness: number;
  signal: AbortSignal;
  print(line: string): void;
}

/** Runs one line of a lab block and prints its result. */
export async function runLabCommand(lab: Lab, command: LabCommand, options: CommandOptions): Promise<void> {
  const { signal, slowness, print } = options;
  switch (command.verb) {
    case 'status':
      print(statusTable(await lab.status(), lab.provider.name).trimEnd());
      return;
    case 'image': {
      if (command.action === 'send') return print(sentText(await lab.sendImage({ signal })));
      const image = await lab.ensureImage({ signal });
      print(
        `The image ${image.name} ${image.version} is ready (${Math.round(image.bytes / 1e6)} MB, ${image.hash.slice(0, 12)}).`,
      );
      return;
    }
    case 'wait': {
      const timeout = command.within === undefined ? {} : { timeout: command.within * slowness };
      await lab.wait(command.machines, command.condition, { signal, ...timeout });
      return;
    }
    case 'add':
      await lab.add(command.machine);
      return;
    case 'remove':
      await lab.remove(command.machine, { signal });
      return;
    case 'mayu': {
      if (command.action === 'fetch') return print(fetchedText(await lab.fetchMayu({ signal })));
      if (command.action === 'hosts') return print(hostsText(await lab.writeMayuHosts({ signal })));
      const hosts = await lab.mayuHosts({ signal });
      if (command.action === 'list') print(mayuTable(hosts));
      else if (command.host !== undefined) print(mayuDetails(mayuHostNamed(hosts, command.host)));
      else print(hosts.map(mayuDetails).join('\n\n') || 'No machine has booted from Mayu yet.');
      return;
    }
    case 'updates':
      if (command.action === 'fetch') return print(fetchedText(await lab.fetchUpdateServer({ signal })));
      return print(sentUpdatesText(await lab.sendUpdates({ signal })));
    case 'snapshot':
      if (command.action === 'discard') await lab.discard(command.name);
      else await lab[command.action](command.name, { signal });
      return;
    default:
      await lab[command.verb](command.machines, { signal });
  }
}

const NATIVE = { up: 'up', start: 'up', halt: 'halt', reload: 'reload', reset: 'reset', destroy: 'destroy' } as const;

/** The hypervisor's command lines that a lab block turns into, for display; what cannot be said is left out. */
export async function nativeLines(lab: Lab, action: Action): Promise<string[]> {
  const lines: string[] = [];
  for (const command of parseLabBlock(action.source).commands) {
    if (!(command.verb in NATIVE) || !('machines' in command)) continue;
    const verb = NATIVE[command.verb as keyof typeof NATIVE];
    const names = command.machines.length > 0 ? command.machines : lab.config.machines.map(({ name }) => name);
    for (const name of names) lines.push(...(await lab.native(verb, name).catch(() => [])));
  }
  return lines;
}

import { clusterText } from '../../engine/cluster/cluster-text.js';
import { suggest } from '../../engine/did-you-mean.js';
import { updatesText } from '../../engine/updates/updates-text.js';
import { plain } from '../theme/text.js';
import type { Desk } from './desk.js';

interface Verb {
  usage: string;
  text: string;
  run(desk: Desk, words: readonly string[], signal: AbortSignal): Promise<unknown>;
}

/** Verbs of free exploration; a machine's name follows most of them. */
const verbs: Record<string, Verb> = {
  status: { usage: 'status', text: 'states of all machines', run: (desk) => status(desk) },
  cluster: {
    usage: 'cluster',
    text: "Mayu's hosts and etcd's members",
    run: (desk, _words, signal) => cluster(desk, signal),
  },
  updates: {
    usage: 'updates',
    text: 'how far the nodes are with their updates',
    run: (desk, _words, signal) => updates(desk, signal),
  },
  up: {
    usage: 'up MACHINE…',
    text: 'start',
    run: ({ options }, names, signal) => options.workshop.lab.up(names, { signal }),
  },
  halt: {
    usage: 'halt MACHINE…',
    text: 'shut down',
    run: ({ options }, names, signal) => options.workshop.lab.halt(names, { signal }),
  },
  reload: {
    usage: 'reload MACHINE…',
    text: 'restart',
    run: ({ options }, names, signal) => options.workshop.lab.reload(names, { signal }),
  },
  destroy: {
    usage: 'destroy MACHINE…',
    text: 'delete with its disk',
    run: (desk, names, signal) => destroy(desk, names, signal),
  },
  add: {
    usage: 'add [MACHINE]',
    text: 'one more node, which up then starts',
    run: ({ options }, [name]) => options.workshop.lab.add(name),
  },
  remove: {
    usage: 'remove MACHINE',
    text: 'delete a node that was added, and forget it',
    run: (desk, [name = ''], signal) => remove(desk, name, signal),
  },
  run: {
    usage: 'run MACHINE COMMAND',
    text: 'run a command over ssh',
    run: (desk, words, signal) => command(desk, words, signal),
  },
  shell: {
    usage: 'shell MACHINE',
    text: 'a shell over ssh',
    run: async ({ options }, [name = '']) => {
      const { program, args } = await options.workshop.lab.shell(name);
      await options.interactive(program, args);
    },
  },
  console: {
    usage: 'console MACHINE',
    text: 'its serial console',
    run: async ({ options }, [name = '']) => options.attach?.(name),
  },
  save: {
    usage: 'save NAME',
    text: 'a savepoint of all machines',
    run: ({ options }, [name = ''], signal) => options.workshop.lab.save(name, { signal }),
  },
  restore: {
    usage: 'restore NAME',
    text: 'bring a savepoint back',
    run: ({ options }, [name = ''], signal) => options.workshop.lab.restore(name, { signal }),
  },
};

/** Free exploration by typed commands. */
export async function exploreMachines(desk: Desk): Promise<void> {
  await desk.work(() => status(desk));
  for (;;) {
    const answer = await desk.ask('Explore: a command, help, or q to go back');
    if (answer === undefined || answer === 'q') return;
    const [word = '', ...words] = answer.split(/\s+/);
    const verb = Object.hasOwn(verbs, word) ? verbs[word] : undefined;
    if (verb !== undefined) await desk.work((signal) => verb.run(desk, words, signal));
    else if (word === 'help')
      desk.say(...Object.values(verbs).map(({ usage, text }) => `  ${usage.padEnd(22)}${text}`));
    else if (word !== '') desk.say(`There is no command ${plain(word)}: ${suggest(word, Object.keys(verbs))}`);
  }
}

async function status(desk: Desk): Promise<void> {
  for (const { name, state, ip } of await desk.options.workshop.lab.status()) {
    desk.say(`  ${name}: ${state.replace('_', ' ')}${ip === undefined ? '' : `, ${ip}`}`);
  }
}

async function destroy(desk: Desk, names: readonly string[], signal: AbortSignal): Promise<void> {
  const what = names.length === 0 ? 'all machines' : names.join(', ');
  if (!(await desk.agrees(`Delete ${what} with their disks?`))) return;
  await desk.options.workshop.lab.destroy(names, { signal });
}

async function remove(desk: Desk, name: string, signal: AbortSignal): Promise<void> {
  const { lab } = desk.options.workshop;
  // What cannot be removed is refused before anybody is asked.
  const known = lab.config.machines.some((machine) => machine.name === name && machine.added);
  if (known && !(await desk.agrees(`Delete ${name} with its disk and its savepoints, and let Mayu forget it?`))) return;
  await lab.remove(name, { signal });
}

async function cluster(desk: Desk, signal: AbortSignal): Promise<void> {
  sayText(desk, clusterText(await desk.options.workshop.lab.cluster({ signal })));
}

async function updates(desk: Desk, signal: AbortSignal): Promise<void> {
  sayText(desk, updatesText(await desk.options.workshop.lab.updates({ signal })));
}

function sayText(desk: Desk, text: string): void {
  desk.say(...text.split('\n').map((line) => (line === '' ? '' : `  ${plain(line)}`)));
}

async function command(desk: Desk, [name = '', ...words]: readonly string[], signal: AbortSignal): Promise<void> {
  const print = (chunk: Buffer) => desk.write(plainLines(chunk.toString()));
  const { exitCode } = await desk.options.workshop.lab.exec(name, words.join(' '), {
    signal,
    onStdout: print,
    onStderr: print,
  });
  if (exitCode !== 0) desk.say(`The command ended with exit code ${exitCode}.`);
}

function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

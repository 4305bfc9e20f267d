import { StringDecoder } from 'node:string_decoder';
import type { Command } from 'commander';
import { FileFollower } from '../../engine/console/follower.js';
import { selectMachines } from '../../engine/lab/machines.js';
import { withLab } from '../context.js';

/** Prints console logs; with --follow it goes on until Ctrl+C. Several machines get their name before each line. */
export async function run(machine: string | undefined, options: { follow?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab, config, signal }) => {
    const machines = selectMachines(config, machine === undefined ? [] : [machine]);
    const width = Math.max(...machines.map(({ name }) => name.length));
    const readers = machines.map(({ name }) => ({
      prefix: machines.length > 1 ? `${name.padEnd(width)} | ` : '',
      follower: new FileFollower(lab.console(name).logFile, 0),
      decoder: new StringDecoder('utf8'),
      rest: '',
    }));
    for (;;) {
      let idle = true;
      for (const reader of readers) {
        const bytes = await reader.follower.read();
        if (bytes.length === 0) continue;
        idle = false;
        const lines = (reader.rest + reader.decoder.write(bytes)).split('\n');
        reader.rest = lines.pop() ?? '';
        for (const line of lines) process.stdout.write(`${reader.prefix}${line}\n`);
      }
      if (!idle) continue;
      if (!options.follow || signal.aborted) break;
      await new Promise((wake) => setTimeout(wake, 200));
    }
    for (const reader of readers) {
      if (reader.rest !== '') process.stdout.write(`${reader.prefix}${reader.rest}\n`);
      await reader.follower.close();
    }
  });
}

import type { Command } from 'commander';
import { LabError } from '../../engine/errors.js';
import { quoteCommand } from '../../engine/exec-quote.js';
import { withLab } from '../context.js';

export async function run(machine: string, words: string[], _options: object, command: Command): Promise<number> {
  const [program, ...args] = words;
  if (program === undefined) {
    throw new LabError({
      code: 'NO_COMMAND',
      message: `exec needs a command for ${machine}.`,
      remedy: [`For example: coreos-lab exec ${machine} -- uptime`, `For a shell: coreos-lab ssh ${machine}`],
      exitCode: 2,
    });
  }
  return withLab(command, {}, async ({ lab, signal }) => {
    // One word is a script, as ssh takes it; several are a program with its arguments.
    const script = args.length === 0 ? program : quoteCommand(program, args);
    const result = await lab.exec(machine, script, {
      signal,
      onStdout: (chunk) => void process.stdout.write(chunk),
      onStderr: (chunk) => void process.stderr.write(chunk),
    });
    return result.exitCode ?? 1;
  });
}

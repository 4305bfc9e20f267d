import { quoteCommand } from '../../engine/exec-quote.js';
import { type Executor, place } from './executor.js';
import { runOnHost, withTemporaryFile } from './host-files.js';

/** Runs a bash block: over ssh, or on the host from a file. It stops at the first command that fails (-euo pipefail). */
export const executeBash: Executor = async (context) => {
  const { action, lab, env, signal, output } = context;
  const streams = {
    signal,
    onStdout: (chunk: Buffer) => output('stdout', chunk),
    onStderr: (chunk: Buffer) => output('stderr', chunk),
    maxBuffer: 1024,
  };
  const machine = action.on as string;
  const result =
    machine === 'host'
      ? await withTemporaryFile(`${action.id}.sh`, action.source, (file) =>
          runOnHost(context, 'bash', ['-euo', 'pipefail', file], commandLine(action.source), streams),
        )
      : await lab.exec(machine, action.source, { ...streams, env });
  if (result.exitCode === 0) return { exitCode: 0 };
  const how = result.exitCode === null ? 'was ended by a signal' : `ended with exit status ${result.exitCode}`;
  return {
    ...(result.exitCode === null ? {} : { exitCode: result.exitCode }),
    fault: { code: 'ACTION_FAILED', message: `The block "${action.id}"${place(action)} ${how}.` },
  };
};

/** For the command log: a script of one line as it would be typed, else its first line and its length. */
function commandLine(source: string): string {
  const lines = source.split('\n').filter((line) => line.trim() !== '');
  const first = lines[0]?.trim() ?? '';
  if (lines.length <= 1) return quoteCommand('bash', ['-euo', 'pipefail', '-c', first]);
  return `bash -euo pipefail -s  # ${lines.length} lines: ${first} …`;
}

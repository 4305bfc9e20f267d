import { LabError, toFailure } from '../../engine/errors.js';
import type { Lab } from '../../engine/lab.js';
import type { Logs } from '../state/logs.js';

type Runs = Pick<Lab, 'exec'>;

/** Runs a command on a machine; what it prints goes to the output log as it comes. Rejects when it fails. */
export async function runOnOne(
  lab: Runs,
  machine: string,
  command: string,
  logs: Logs,
  signal: AbortSignal,
): Promise<void> {
  logs.note(`${machine} $ ${command}`);
  const decoder = new TextDecoder();
  const append = (chunk: Buffer) => logs.output.append(decoder.decode(chunk, { stream: true }));
  const { exitCode } = await lab.exec(machine, command, { signal, onStdout: append, onStderr: append });
  if (exitCode !== 0) throw failed(command, [`${machine}: exit code ${exitCode ?? 'none'}`]);
}

/** Runs a command on several machines at once; each one's output is shown together when it ends. */
export async function runOnAll(
  lab: Runs,
  machines: readonly string[],
  command: string,
  logs: Logs,
  signal: AbortSignal,
): Promise<void> {
  const trouble: string[] = [];
  await Promise.all(
    machines.map(async (machine) => {
      const chunks: Buffer[] = [];
      const collect = (chunk: Buffer) => chunks.push(chunk);
      try {
        const { exitCode } = await lab.exec(machine, command, { signal, onStdout: collect, onStderr: collect });
        if (exitCode !== 0) trouble.push(`${machine}: exit code ${exitCode ?? 'none'}`);
      } catch (error) {
        trouble.push(`${machine}: ${toFailure(error).message}`);
      }
      logs.note(`${machine} $ ${command}`);
      logs.output.append(Buffer.concat(chunks).toString());
    }),
  );
  signal.throwIfAborted();
  if (trouble.length > 0) throw failed(command, trouble);
}

function failed(command: string, trouble: readonly string[]): LabError {
  return new LabError({
    code: 'COMMAND_FAILED',
    message: `The command did not end well: ${command}`,
    why: trouble.join('; '),
    remedy: ['The output pane shows what it printed.'],
  });
}

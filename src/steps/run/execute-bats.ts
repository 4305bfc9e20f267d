import { StringDecoder } from 'node:string_decoder';
import type { Action } from '../lesson.js';
import { type Executor, type ExecutorContext, place } from './executor.js';
import { runOnHost, withTemporaryFile } from './host-files.js';
import { TapParser, type TapResult } from './tap.js';

const ARGUMENTS = ['--tap', '--timing'];
/** Reads the tests from its standard input, so that nothing of them is ever part of a command line. */
const REMOTE = `
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cat > "$directory/check.bats"
command -v bats > /dev/null || exit 127
bats ${ARGUMENTS.join(' ')} "$directory/check.bats" < /dev/null
`;

/** Runs a bats block where it says and reports each test as it comes. */
export const executeBats: Executor = async (context) => {
  const { action } = context;
  const parser = new TapParser(context.check);
  const decoder = new StringDecoder('utf8');
  const exitCode = await runBats(context, (chunk) => parser.push(decoder.write(chunk)));
  parser.push(decoder.end());
  const result = parser.end();
  const status = exitCode === null ? {} : { exitCode };
  if (exitCode === 0 && result.fault === undefined) return status;
  return { ...status, fault: fault(action, exitCode, result) };
};

async function runBats(context: ExecutorContext, onTap: (chunk: Buffer) => void): Promise<number | null> {
  const { action, lab, env, signal, output } = context;
  const tests = batsFile(action);
  const machine = action.on as string;
  const options = {
    signal,
    onStdout: (chunk: Buffer) => {
      output('stdout', chunk);
      onTap(chunk);
    },
    onStderr: (chunk: Buffer) => output('stderr', chunk),
    maxBuffer: 1024,
  };
  if (machine !== 'host') {
    const label = `ssh ${machine} bats ${ARGUMENTS.join(' ')} …  # the check "${action.id}"`;
    return (await lab.exec(machine, REMOTE, { ...options, env, input: tests, label })).exitCode;
  }
  return await withTemporaryFile('check.bats', tests, async (file) => {
    const line = `bats ${ARGUMENTS.join(' ')} …  # the check "${action.id}"`;
    return (await runOnHost(context, 'bats', [...ARGUMENTS, file], line, options)).exitCode;
  });
}

/** The block itself, or one test around it when it has only commands. */
export function batsFile(action: Action): string {
  if (/^[ \t]*@test[ \t]/m.test(action.source)) return `${action.source}\n`;
  return `@test "${action.id}" {\n${action.source}\n}\n`;
}

function fault(action: Action, exitCode: number | null, result: TapResult) {
  const name = `The check "${action.id}"${place(action)}`;
  if (exitCode === 127 && result.planned === undefined) {
    return {
      code: 'BATS_MISSING',
      message: `${name} could not run: bats is not installed there.`,
      remedy: ['Run the step that installs bats first, or install the package bats on the machine.'],
    };
  }
  const why =
    result.fault ?? (exitCode === null ? 'bats was ended by a signal' : `bats ended with exit status ${exitCode}`);
  return { code: 'CHECK_FAILED', message: `${name} failed: ${why}.` };
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Exec, ExecResult } from '../../exec.js';
import type { VirtualBoxHost } from './host.js';

const FOLDER = join(import.meta.dirname, '../../../../test/fixtures/vboxmanage');

/** One on which nothing keeps VirtualBox from running machines. */
export const HOST: VirtualBoxHost = {
  platform: 'linux',
  arch: 'x64',
  driver: async () => 'loaded',
  networkDriver: async () => 'loaded',
  secureBoot: async () => false,
  virtualization: async () => true,
};

/** A call of the real VBoxManage and what came of it. */
export interface Recording {
  name: string;
  command: string;
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A file of the recordings as it is; some are pieces of an output only. */
export function fixture(name: string): string {
  return readFileSync(join(FOLDER, `${name}.txt`), 'utf8');
}

export function recording(name: string): Recording {
  const text = fixture(name);
  const match = /^\$ ([\s\S]*?)\n--- exit code: (\d+)\n--- stdout:\n([\s\S]*?)--- stderr:\n([\s\S]*)$/.exec(text);
  if (match === null) throw new Error(`${name} is no recording`);
  const [, command = '', exitCode, stdout = '', stderr = ''] = match;
  return { name, command, exitCode: Number(exitCode), stdout, stderr };
}

export function allRecordings(): Recording[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.txt'))
    .map((file) => file.slice(0, -4))
    .filter((name) => fixture(name).startsWith('$ ') && fixture(name).includes('--- exit code: '))
    .map(recording);
}

/** A call that is expected, and its answer: a recording, its name, or stdout alone. */
export interface PlannedRun {
  /** Arguments from the left, joined by blanks; of a pattern, somewhere in all of them. */
  args: string | RegExp;
  answer?: string | Partial<ExecResult>;
  /** May come any number of times, at any moment: for polling. */
  always?: boolean;
}

export interface RecordedExec extends Exec {
  /** The calls so far, arguments joined by blanks. */
  readonly calls: string[];
  /** Throws when planned calls were not made. */
  verify(): void;
}

/** An exec that knows these calls of VBoxManage only, in this order, and has no other program. */
export function recordedExec(planned: readonly PlannedRun[]): RecordedExec {
  const left = planned.filter(({ always }) => !always);
  const always = planned.filter((run) => run.always);
  const calls: string[] = [];
  const matches = ({ args }: PlannedRun, line: string) =>
    typeof args === 'string' ? line === args || line.startsWith(`${args} `) : args.test(line);
  return {
    calls,
    which: async (program) => (program === 'VBoxManage' ? '/usr/bin/VBoxManage' : undefined),
    run: async (program, args) => {
      const line = args.join(' ');
      if (program !== 'VBoxManage') throw new Error(`unplanned program: ${program} ${line}`);
      const [next] = left;
      const run = next !== undefined && matches(next, line) ? left.shift() : always.find((each) => matches(each, line));
      if (run === undefined) throw new Error(`unplanned call: ${line}; planned next: ${String(next?.args)}`);
      calls.push(line);
      return result(run.answer);
    },
    daemon: async (program) => {
      throw new Error(`unplanned daemon: ${program}`);
    },
    interactive: async (program) => {
      throw new Error(`unplanned interactive: ${program}`);
    },
    verify: () => {
      if (left.length > 0)
        throw new Error(`planned but not called: ${left.map(({ args }) => String(args)).join(', ')}`);
    },
  };
}

function result(answer: PlannedRun['answer']): ExecResult {
  const base = { exitCode: 0, stdout: '', stderr: '', timedOut: false, duration: 1 };
  if (typeof answer !== 'string') return { ...base, ...answer };
  const { exitCode, stdout, stderr } = recording(answer);
  return { ...base, exitCode, stdout, stderr };
}

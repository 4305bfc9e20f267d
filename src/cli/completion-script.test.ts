import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../engine/config/defaults.js';
import { findProgram } from '../engine/exec-missing.js';
import { createExec } from '../engine/exec-process.js';
import { statusTable } from '../engine/lab/status-table.js';
import { completionScript, type Shell } from './completion-script.js';
import { table } from './output.js';
import { createProgram } from './program.js';

const exec = createExec({ emit: () => {} });
const bash = await findProgram('bash');
const MACHINES = ['core-provisioner', 'core-01', 'core-02', 'core-03', 'a-machine-with-quite-a-long-name'];
const LESSONS = ['sandbox', 'bootstrap', 'updates'];
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'completion-'));
  // Stands for the program on PATH: prints what `status` and `lessons list` print.
  const [example] = defaultLabConfig().machines;
  const machines = MACHINES.map((name) => ({ name, role: example?.role ?? 'node', state: 'not_created' as const }));
  const lessons = table([['LESSON', 'DONE', 'TITLE'], ...LESSONS.map((id) => [id, '0/4', 'Two words'])]);
  await mkdir(join(directory, 'bin'));
  await writeFile(join(directory, 'status.txt'), statusTable(machines, 'qemu'));
  await writeFile(join(directory, 'lessons.txt'), `${lessons}\n\nRun one: coreos-lab run LESSON    read one: x\n`);
  await writeFile(
    join(directory, 'bin', 'coreos-lab'),
    `#!/bin/sh
case "$*" in
status) cat '${directory}/status.txt' ;;
'lessons list') cat '${directory}/lessons.txt' ;;
*) echo "not to be asked: $*"; exit 1 ;;
esac
`,
  );
  await chmod(join(directory, 'bin', 'coreos-lab'), 0o755);
  for (const shell of ['bash', 'zsh', 'fish'] as Shell[])
    await writeFile(join(directory, `completion.${shell}`), completionScript(createProgram(), shell));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What a real bash offers after these words; the last one is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `set -u
source "$1/completion.bash"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_coreos_lab
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const result = await exec.run('bash', ['--norc', '-c', script, 'bash', directory, 'coreos-lab', ...words], {
    env: { PATH: `${join(directory, 'bin')}:${process.env.PATH}` },
  });
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return result.stdout.split('\n').filter((line) => line !== '');
}

describe.skipIf(bash === undefined)('in bash, completion', () => {
  test('is set up for the program', async () => {
    const { stdout } = await exec.run('bash', [
      '--norc',
      '-c',
      `source '${directory}/completion.bash'; complete -p coreos-lab`,
    ]);
    expect(stdout.trim()).toBe('complete -o default -F _coreos_lab coreos-lab');
  });

  test('offers every command, and those that begin as typed', async () => {
    const commands = createProgram().commands.map((command) => command.name());
    expect(commands.length).toBeGreaterThan(15);
    expect(await offered('')).toEqual(expect.arrayContaining(commands));
    expect(await offered('st')).toEqual(['status']);
    expect((await offered('ss')).sort()).toEqual(['ssh', 'ssh-config']);
    expect(await offered('nothing-like-it')).toEqual([]);
  });

  test('offers options where they are asked for', async () => {
    expect(await offered('--de')).toEqual(['--debug']);
    expect(await offered('status', '--')).toEqual(['--json']);
    expect(await offered('halt', '-')).toEqual(['--force', '-f']);
  });

  test.each([
    'up',
    'halt',
    'reload',
    'reset',
    'destroy',
    'sync',
    'ssh',
    'exec',
    'console',
    'logs',
    'screenshot',
  ])('offers the machines after %s', async (command) => {
    expect((await offered(command, '')).filter((word) => !word.startsWith('-'))).toEqual(MACHINES);
    expect(await offered(command, 'core-0')).toEqual(['core-01', 'core-02', 'core-03']);
  });

  test('offers further machines after the first and behind options', async () => {
    expect(await offered('up', 'core-01', 'core-p')).toEqual(['core-provisioner']);
    expect(await offered('--debug', 'destroy', '--yes', 'core-02', 'core-p')).toEqual(['core-provisioner']);
  });

  test('offers the lessons to run and to show', async () => {
    expect((await offered('run', '')).filter((word) => !word.startsWith('-'))).toEqual(LESSONS);
    expect(await offered('lessons', 'show', 'b')).toEqual(['bootstrap']);
    expect((await offered('lessons', '')).filter((word) => !word.startsWith('-'))).toEqual(['list', 'show', 'lint']);
  });

  test('offers subcommands, shells, and no machine where none belongs', async () => {
    expect((await offered('snapshot', '')).sort()).toEqual(['discard', 'list', 'restore', 'save']);
    expect((await offered('mayu', '')).sort()).toEqual(['fetch', 'hosts', 'list', 'status']);
    expect((await offered('mayu', 'status', '')).filter((word) => !word.startsWith('-'))).toEqual(MACHINES);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await offered('status', '')).toEqual(['--json']);
  });

  test('falls back to file names where it offers nothing', async () => {
    expect(await offered('image', 'fetch', './')).toEqual([]);
  });

  test('leaves no variable or word behind in the shell', async () => {
    const script = `source '${directory}/completion.bash'
before=$(compgen -v | sort); COMP_WORDS=(coreos-lab up '') COMP_CWORD=2; COMPREPLY=(); _coreos_lab
diff <(echo "$before") <(compgen -v | sort) | sed -n 's/^> //p'`;
    const { stdout } = await exec.run('bash', ['--norc', '-c', script], {
      env: { PATH: `${join(directory, 'bin')}:${process.env.PATH}` },
    });
    const expected = ['before', 'COMPREPLY', 'COMP_CWORD', 'COMP_WORDS', 'PIPESTATUS', '_'];
    expect(stdout.split('\n').filter((name) => name !== '' && !expected.includes(name))).toEqual([]);
  });
});

const zsh = await findProgram('zsh');
const fish = await findProgram('fish');
describe('other shells', () => {
  test.skipIf(zsh === undefined)('zsh reads its script', async () => {
    const result = await exec.run('zsh', [
      '-f',
      '-c',
      `autoload -U compinit && compinit -D && source '${directory}/completion.zsh'`,
    ]);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test.skipIf(fish === undefined)('fish reads its script', async () => {
    const result = await exec.run('fish', ['--no-config', `${directory}/completion.fish`]);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('zsh gets no variable that is its own: a local path there empties PATH', () => {
    const script = completionScript(createProgram(), 'zsh');
    const own =
      /^(path|words|status|argv|prefix|suffix|cdpath|fpath|manpath|signals|options|commands|functions|jobstates)$/;
    const set = [...script.matchAll(/^ *local (.*)$/gm)].flatMap(([, line = '']) =>
      [...line.replace(/"[^"]*"/g, '').matchAll(/(?:^| )([A-Za-z_]\w*)(?==|$| )/g)].map(([, name = '']) => name),
    );
    expect(set).toEqual(expect.arrayContaining(['current', 'next', 'word', 'known']));
    expect(set.filter((name) => own.test(name))).toEqual([]);
  });

  test('fish is told of every command with its description', () => {
    const program = createProgram();
    const lines = completionScript(program, 'fish').split('\n');
    for (const command of program.commands) {
      const description = command.description().replace(/'/g, '');
      expect(lines).toContain(
        `complete -c coreos-lab -n '__fish_use_subcommand' -a ${command.name()} -d '${description}'`,
      );
    }
    // Every line is a whole one: its single quotes are closed.
    for (const line of lines) expect((line.match(/'/g) ?? []).length % 2).toBe(0);
  });
});

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LabError } from '../engine/errors.js';
import { outcome } from './lazy.js';
import { packageVersion } from './package-root.js';
import { createProgram, usageExitCode } from './program.js';

let directory: string;
const { isTTY } = process.stdin;
beforeEach(async () => {
  // Whoever runs the tests in a terminal is not to be asked.
  process.stdin.isTTY = false;
  directory = await mkdtemp(join(tmpdir(), 'program-'));
  vi.stubEnv('XDG_STATE_HOME', join(directory, 'state'));
  vi.stubEnv('XDG_CACHE_HOME', join(directory, 'cache'));
  vi.stubEnv('XDG_RUNTIME_DIR', join(directory, 'run'));
});
afterEach(async () => {
  process.stdin.isTTY = isTTY;
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(directory, { recursive: true, force: true });
});

interface Finished {
  code: number;
  stdout: string;
  stderr: string;
  error?: unknown;
}

/** Runs the command line in this process. */
async function lab(...args: string[]): Promise<Finished> {
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      out[name] += chunk;
      return true;
    });
  }
  outcome.exitCode = 0;
  try {
    await createProgram().parseAsync(['node', 'coreos-lab', ...args]);
    return { ...out, code: outcome.exitCode };
  } catch (error) {
    const code =
      error instanceof CommanderError ? usageExitCode(error) : error instanceof LabError ? error.exitCode : 1;
    return { ...out, code, error };
  } finally {
    vi.restoreAllMocks();
  }
}

describe('usage errors are code 2 and say what to do:', () => {
  test.each([
    [['statsu'], 'UNKNOWN_COMMAND', 'There is no command "statsu".', 'Did you mean: coreos-lab status'],
    [['STATUS'], 'UNKNOWN_COMMAND', 'There is no command "STATUS".', 'Did you mean: coreos-lab status'],
    [['dance'], 'UNKNOWN_COMMAND', 'There is no command "dance".', 'See them all: coreos-lab --help'],
    [
      ['snapshot', 'svae', 'clean'],
      'UNKNOWN_COMMAND',
      'There is no command "snapshot svae".',
      'Did you mean: coreos-lab snapshot save',
    ],
    [
      ['lessons', 'sandbox'],
      'UNKNOWN_COMMAND',
      'There is no command "lessons sandbox".',
      'See them all: coreos-lab lessons --help',
    ],
    [
      ['snapshot', 'list', 'save'],
      'TOO_MANY_WORDS',
      'snapshot list does not know what to do with "save".',
      'See how it is used: coreos-lab snapshot list --help',
    ],
    [
      ['status', 'core-01'],
      'TOO_MANY_WORDS',
      'status does not know what to do with "core-01".',
      'See how it is used: coreos-lab status --help',
    ],
    [
      ['screenshot', 'core-01', 'a.png', 'b.png'],
      'TOO_MANY_WORDS',
      'screenshot does not know what to do with "b.png".',
      'See how it is used: coreos-lab screenshot --help',
    ],
    [['halt', 'core-1'], 'UNKNOWN_MACHINE', 'There is no machine core-1 in the lab default.', 'Did you mean core-01?'],
    [['wire'], 'WIRE_EMPTY', /^Nothing was recorded/, 'Start one: coreos-lab up'],
    [['wire', '--machine', 'core-1'], 'UNKNOWN_MACHINE', /core-1/, 'Did you mean core-01?'],
    [['wire', '--protocol', 'dhcp,htp'], 'UNKNOWN_PROTOCOL', 'There is no protocol "htp" here.', 'Did you mean http?'],
    [['wire', '-f', '--pcap', 'x.pcap'], 'OPTIONS_CLASH', 'wire cannot do --follow and --pcap at once.', /Leave one/],
    [['wire', '--read', 'nowhere.pcap'], 'CAPTURE_UNREADABLE', /nowhere\.pcap cannot be read \(ENOENT\)/, /path/],
    [['wire', '--read', 'package.json'], 'CAPTURE_FORMAT', /does not begin as a capture does/, /tcpdump/],
    [['run', 'sandbx'], 'UNKNOWN_LESSON', 'There is no lesson "sandbx".', 'Did you mean sandbox?'],
    [['run', 'sandbox#nope'], 'UNKNOWN_LESSON', 'There is no step "nope".', /^There are: \w/],
    [['run'], 'NOTHING_TO_RUN', 'run needs the name of a lesson, or --all.', /^coreos-lab run sandbox /],
    [['completion', 'tcsh'], 'UNKNOWN_SHELL', 'There is no completion for "tcsh".', 'Use bash, zsh or fish.'],
    [
      ['destroy'],
      'NEEDS_YES',
      /^Remove core-provisioner, .* this is not a terminal\.$/,
      'Add --yes to say yes beforehand.',
    ],
    [['mayu', 'lsit'], 'UNKNOWN_COMMAND', 'There is no command "mayu lsit".', 'Did you mean: coreos-lab mayu list'],
    [['image', 'fetch', 'x.tar'], 'CHECKSUM_MISSING', /together with its checksum/, /--sha256 CHECKSUM$/],
    [['image', 'fetch', 'x', '--sha256', 'y', '--all'], 'OPTIONS_CLASH', /for releases/, /Leave them out/],
    [['image', 'fetch'], 'NOT_RELEASED', 'There are no releases of the Lab OS to fetch.', /image build/],
    [['mayu', 'fetch', 'x.tar'], 'CHECKSUM_MISSING', /together with its checksum/, /--sha256 CHECKSUM$/],
    [['--lab', 'nowhere.yaml', 'status'], 'CONFIG_MISSING', /nowhere\.yaml cannot be read \(ENOENT\)/, /--lab/],
  ])('%j', async (args, code, message, remedy) => {
    const finished = await lab(...args);
    expect(finished).toMatchObject({ code: 2, stdout: '', error: { code } });
    const error = finished.error as LabError;
    expect(error.message).toMatch(message);
    expect(error.remedy[0]).toMatch(remedy);
  });

  test.each([
    [['wire', '--protcol', 'dhcp'], "error: unknown option '--protcol'\n(Did you mean --protocol?)\n"],
    [['status', '--jsn'], "error: unknown option '--jsn'\n(Did you mean --json?)\n"],
    [['--debgu'], "error: unknown option '--debgu'\n(Did you mean --debug?)\n"],
    [['exec'], "error: missing required argument 'machine'\n"],
    [['snapshot', 'save'], "error: missing required argument 'name'\n"],
    [['--lab'], "error: option '--lab <file>' argument missing\n"],
  ])('%j', async (args, stderr) => {
    expect(await lab(...args)).toMatchObject({ code: 2, stdout: '', stderr });
  });

  test('a lab file with a fault is named with its place', async () => {
    const file = join(directory, 'lab.yaml');
    await writeFile(file, 'machines:\n  - name: UPPER\n');
    const { code, error } = await lab('--lab', file, 'status');
    expect(code).toBe(2);
    expect((error as LabError).code).toBe('CONFIG_INVALID');
    expect(`${(error as LabError).message} ${(error as LabError).why}`).toContain('lab.yaml:2');
  });
});

describe('help', () => {
  test.each([[['--help']], [['help']], [['-h']]])('%j lists every command on stdout, code 0', async (args) => {
    const { code, stdout, stderr } = await lab(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of createProgram().commands) expect(stdout).toMatch(new RegExp(`^ +${command.name()}\\b`, 'm'));
    expect(stdout).toContain('Exit codes: 0 done, 1 something failed, 2 usage or environment, 130 interrupted.');
  });

  test('of a command is the same both ways', async () => {
    const { stdout, code } = await lab('help', 'run');
    expect(code).toBe(0);
    expect(stdout).toBe((await lab('run', '--help')).stdout);
    expect(stdout).toContain('coreos-lab run sandbox#gateway --from');
  });

  test('every command says what it is for, in a line', () => {
    const all = createProgram().commands.flatMap((command) => [command, ...command.commands]);
    expect(all.length).toBeGreaterThan(25);
    for (const command of all) {
      expect(command.description(), command.name()).toMatch(/^\S.{5,89}$/);
      for (const option of command.options) expect(option.description, option.long ?? '').toMatch(/^\S.{3,}/);
    }
  });
});

describe('commands that only look', () => {
  test('leave no machine and no lock behind, and print JSON where asked', async () => {
    const { code, stdout, stderr } = await lab('status', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const machines = JSON.parse(stdout) as { name: string; state: string }[];
    expect(machines.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'core-provisioner not_created',
      'core-01 not_created',
      'core-02 not_created',
      'core-03 not_created',
    ]);
    expect(await readdir(join(directory, 'state/coreos-lab/labs/default'))).not.toContain('lab.lock');
  });

  test('logs print consoles as they are, with the machine before each line when there are several', async () => {
    const machines = join(directory, 'state/coreos-lab/labs/default/machines');
    // The follower reads 256 KiB at a time: its first piece ends within a character.
    const long = `x${'ä'.repeat(200_000)}`;
    for (const [name, text] of [
      ['core-provisioner', 'one\ntwo'],
      ['core-01', `${long}\n`],
    ] as const) {
      await mkdir(join(machines, name), { recursive: true });
      await writeFile(join(machines, name, 'console.log'), text);
    }
    expect(await lab('logs', 'core-provisioner')).toMatchObject({ code: 0, stdout: 'one\ntwo\n' });
    const { code, stdout } = await lab('logs');
    expect(code).toBe(0);
    const prefix = (name: string) => `${name.padEnd('core-provisioner'.length)} | `;
    expect(stdout.split('\n').sort()).toEqual(
      [
        '',
        `${prefix('core-01')}${long}`,
        `${prefix('core-provisioner')}one`,
        `${prefix('core-provisioner')}two`,
      ].sort(),
    );
  });

  test('the version is that of the package', async () => {
    expect(await lab('--version')).toMatchObject({ code: 0, stdout: `${packageVersion()}\n` });
  });

  test('a group without a command lists', async () => {
    expect(await lab('snapshot')).toMatchObject({ code: 0, stdout: expect.stringContaining('No savepoints yet') });
    expect(await lab('image', 'list', '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
  });
});

describe('a lock that is held by a living process', () => {
  test('refuses commands that change the lab and not those that look', async () => {
    const { acquireLock } = await import('../engine/state/lock.js');
    const file = join(directory, 'state/coreos-lab/labs/default/lab.lock');
    const lock = acquireLock(file, { command: 'coreos-lab run sandbox' });
    expect(await lab('destroy', '--yes')).toMatchObject({ code: 2, error: { code: 'LAB_BUSY' } });
    expect(await lab('status')).toMatchObject({ code: 0 });
    lock.release();
    expect(await lab('destroy', '--yes')).toMatchObject({ code: 0 });
    expect(existsSync(file)).toBe(false);
  });
});

const ROOT = join(import.meta.dirname, '../..');
describe.skipIf(!existsSync(join(ROOT, 'dist/main.js')))('the built program', () => {
  const built = (...args: string[]) =>
    execa(process.execPath, [join(ROOT, 'bin/coreos-lab.js'), ...args], {
      cwd: directory,
      reject: false,
      stdin: 'ignore',
    });

  test('ends with the exit code of an error, which it prints on stderr alone', async () => {
    const { exitCode, stdout, stderr } = await built('statsu');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toBe(
      'error: There is no command "statsu".\nwhat to do:\n  - Did you mean: coreos-lab status\n(UNKNOWN_COMMAND)',
    );
  });

  test('shows a stack with --debug only', async () => {
    expect((await built('--debug', 'statsu')).stderr).toMatch(/\n {4}at /);
    expect((await built('statsu', '--debug')).stderr).toMatch(/\n {4}at /);
  });

  test('ends with 2 for what commander refuses and 0 for the version', async () => {
    expect(await built('status', '--jsn')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--json') });
    expect(await built('--version')).toMatchObject({ exitCode: 0, stdout: packageVersion() });
  });
});

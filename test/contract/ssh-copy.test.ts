import { chmod, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LabEventBody } from '../../src/engine/events.js';
import type { Exec } from '../../src/engine/exec.js';
import { createExec } from '../../src/engine/exec-process.js';
import { createSsh } from '../../src/engine/ssh/create-ssh.js';
import { readTree, type TreeEntry } from '../../src/engine/ssh/local-tree.js';
import type { Ssh } from '../../src/engine/ssh/ssh.js';
import { eventually, kill, labForSsh, remove, Sshd } from './support/sshd.js';

/** Copying, and OpenSSH's own programs with the files that the lab writes for them, against a real server. */
let directory: string;
let jump: Sshd;
let node: Sshd;
let ssh: Ssh;
let events: LabEventBody[];
let work: string;
let source: string;
let destination: string;

const sink = { emit: (event: LabEventBody) => void events.push(event) };
const exec = createExec(sink);
/** A computer without rsync. */
const withoutRsync: Exec = {
  ...exec,
  which: async (program) => (program === 'rsync' ? undefined : exec.which(program)),
  run: async (program, ...rest) => {
    if (program === 'rsync') throw new Error('rsync was run');
    return await exec.run(program, ...rest);
  },
};

beforeAll(async () => {
  const lab = await labForSsh(['core-provisioner', 'core-01', 'stranger']);
  directory = lab.directory;
  jump = await Sshd.start('core-provisioner', lab.keys);
  node = await Sshd.start('core-01', lab.keys);
});

afterAll(async () => {
  await jump?.dispose();
  await node?.dispose();
  if (directory !== undefined) await remove(directory);
});

beforeEach(async () => {
  events = [];
  work = await mkdtemp(join(tmpdir(), 'lab copy '));
  source = join(work, "the source's %h");
  destination = join(work, 'there', "it's $HOME; here");
  await mkdir(source);
});

afterEach(async () => {
  await ssh.close();
  await rm(work, { recursive: true, force: true });
});

const behind = () => ({ ...node.target, via: jump.target });

async function fill(root: string): Promise<void> {
  await mkdir(join(root, 'bin', 'deep'), { recursive: true });
  await writeFile(join(root, 'read me'), 'text\n', { mode: 0o644 });
  await writeFile(join(root, 'bin', 'run'), '#!/bin/sh\necho hi\n');
  await chmod(join(root, 'bin', 'run'), 0o755);
  await writeFile(join(root, 'bin', 'deep', 'secret'), Buffer.alloc(3_000_000, 'x'), { mode: 0o600 });
  await writeFile(join(root, 'empty'), '');
  await writeFile(join(root, '-dash & ümlaut'), 'x');
  await symlink('bin/run', join(root, 'link'));
  await symlink('nowhere', join(root, 'dangling'));
  await mkdir(join(root, 'an empty one'));
  await chmod(join(root, 'bin', 'deep'), 0o750);
  await utimes(join(root, 'read me'), 1_000_000_000, 1_000_000_000);
}

/** Without times of links and directories, which nobody relies on. */
function shape(tree: TreeEntry[]): unknown[] {
  return tree.map((entry) => (entry.type === 'file' ? entry : { ...entry, mtime: 0, mode: linkless(entry) }));
}
const linkless = (entry: TreeEntry) => (entry.type === 'link' || entry.path === '' ? 0 : entry.mode);

describe.each(['rsync', 'sftp'] as const)('sync by %s', (method) => {
  beforeEach(() => {
    const with_ = method === 'rsync' ? exec : withoutRsync;
    ssh = createSsh({ exec: with_, events: sink, directory: join(directory, 'ssh') });
  });

  test('copies contents, modes, times and links to a folder that it makes', async () => {
    await fill(source);
    const progress: [number, number][] = [];
    const result = await ssh.sync(jump.target, source, destination, {
      onProgress: (done, total) => progress.push([done, total]),
    });
    expect(result).toEqual({ method, files: 5, bytes: 3_000_024 });
    expect(shape(await readTree(destination))).toEqual(shape(await readTree(source)));
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.at(-1)).toEqual([3_000_024, 3_000_024]);
    expect(progress.every(([done, total]) => done <= total && total === 3_000_024)).toBe(true);
  });

  test('sends only what changed, and replaces what has another type', async () => {
    await fill(source);
    await ssh.sync(jump.target, source, destination);
    expect(await ssh.sync(jump.target, source, destination)).toEqual({ method, files: 0, bytes: 0 });
    await writeFile(join(source, 'read me'), 'other\n');
    await rm(join(source, 'link'));
    await writeFile(join(source, 'link'), 'a file now\n');
    await rm(join(source, 'empty'));
    await mkdir(join(source, 'empty'));
    expect(await ssh.sync(jump.target, source, destination)).toMatchObject({ method, files: 2 });
    expect(shape(await readTree(destination))).toEqual(shape(await readTree(source)));
  });

  test('leaves what is only there, unless told to delete', async () => {
    await fill(source);
    await mkdir(join(destination, 'old', 'deep'), { recursive: true });
    await writeFile(join(destination, 'old', 'deep', 'file'), 'x');
    await ssh.sync(jump.target, source, destination);
    expect(await readFile(join(destination, 'old', 'deep', 'file'), 'utf8')).toBe('x');
    await ssh.sync(jump.target, source, destination, { delete: true });
    expect(shape(await readTree(destination))).toEqual(shape(await readTree(source)));
  });

  test('goes through a jump host', async () => {
    await fill(source);
    expect(await ssh.sync(behind(), source, destination)).toMatchObject({ method, files: 5 });
    expect(await readlink(join(destination, 'link'))).toBe('bin/run');
  });

  test('can be aborted', async () => {
    await writeFile(join(source, 'big'), Buffer.alloc(60_000_000, 1));
    const controller = new AbortController();
    const pending = ssh.sync(jump.target, source, destination, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    expect(await ssh.ready(jump.target)).toEqual({ ok: true });
  });

  test('a folder that is not there, or a place where nothing can be written: an error that says which', async () => {
    await expect(ssh.sync(jump.target, join(work, 'none'), destination)).rejects.toMatchObject({
      code: 'COPY_SOURCE',
      message: expect.stringContaining(join(work, 'none')),
    });
    await expect(ssh.sync(jump.target, source, '/proc/nothing/here')).rejects.toMatchObject({
      code: 'COPY_FAILED',
      machine: 'core-provisioner',
      evidence: expect.arrayContaining([expect.stringContaining('/proc/nothing')]),
    });
  });
});

describe('sync', () => {
  test('takes sftp when the machine has no rsync, or this one does not know the options', async () => {
    await fill(source);
    const old: Exec = {
      ...exec,
      run: async (program, args, options) =>
        program === 'rsync' ? await exec.run('rsync', ['--no-such-option'], options) : exec.run(program, args, options),
    };
    ssh = createSsh({ exec: old, events: sink, directory: join(directory, 'ssh') });
    expect(await ssh.sync(jump.target, source, destination)).toMatchObject({ method: 'sftp', files: 5 });
  });

  test('a connection that breaks during sftp: SSH_LOST', async () => {
    ssh = createSsh({ exec: withoutRsync, events: sink, directory: join(directory, 'ssh') });
    await writeFile(join(source, 'big'), Buffer.alloc(60_000_000, 1));
    await ssh.script(jump.target, 'true');
    const servers = await jump.connections();
    const pending = ssh.sync(jump.target, source, destination, {
      onProgress: () => {
        for (const pid of servers) kill(pid, 'SIGKILL');
      },
    });
    await expect(pending).rejects.toMatchObject({ code: 'SSH_LOST', machine: 'core-provisioner' });
  });
});

describe('put', () => {
  beforeEach(() => {
    ssh = createSsh({ exec, events: sink, directory: join(directory, 'ssh') });
  });

  test('uploads one file, with its mode or another, over one that is there', async () => {
    const file = join(source, 'tool');
    await writeFile(file, 'one');
    await chmod(file, 0o755);
    const there = join(work, 'tool there');
    await ssh.put(jump.target, file, there);
    expect((await stat(there)).mode & 0o777).toBe(0o755);
    await writeFile(file, 'two!');
    await ssh.put(jump.target, file, there, { mode: 0o600 });
    expect((await stat(there)).mode & 0o777).toBe(0o600);
    expect(await readFile(there, 'utf8')).toBe('two!');
  });

  test('errors name the file', async () => {
    const file = join(source, 'tool');
    await expect(ssh.put(jump.target, file, '/tmp/x')).rejects.toMatchObject({ code: 'COPY_SOURCE' });
    await writeFile(file, 'one');
    await expect(ssh.put(jump.target, file, join(work, 'no', 'such'))).rejects.toMatchObject({
      code: 'COPY_FAILED',
      message: expect.stringContaining('no/such'),
    });
  });
});

describe("the system's ssh", () => {
  beforeEach(() => {
    ssh = createSsh({ exec, events: sink, directory: join(directory, 'ssh') });
  });

  test('reaches machines with the lab’s config alone, also through the jump host', async () => {
    const args = ['printf', '<%s>', 'a b', '$HOME', "it's"];
    for (const target of [jump.target, behind()]) {
      const { program, args: line } = ssh.command(target, args);
      const result = await exec.run(program, line, { env: { HOME: '/nonexistent', SSH_AUTH_SOCK: '' } });
      expect(result).toMatchObject({ exitCode: 0, stdout: "<a b><$HOME><it's>" });
    }
    expect(ssh.command(jump.target).args).toEqual(['-F', expect.any(String), 'core-provisioner']);
    const mode = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);
    expect(await mode(join(directory, 'ssh'))).toBe('700');
    expect(await mode(ssh.command(jump.target).args[1] as string)).toBe('600');
  });

  test('refuses a machine with another host key', async () => {
    const wrong = { ...jump.target, machine: 'stranger', hostKey: jump.keys.host('stranger').publicKey };
    const { program, args } = ssh.command(wrong, ['true']);
    const result = await exec.run(program, args);
    expect(result.exitCode).toBe(255);
    expect(result.stderr).toMatch(/host key/i);
  });

  test('a block for ~/.ssh/config names each machine once, jump hosts included', async () => {
    const text = ssh.config([behind(), jump.target]);
    expect(text.match(/^Host .*/gm)).toEqual(['Host core-provisioner', 'Host core-01']);
    // ssh reads the user's config from a path without spaces.
    const file = join(jump.directory, 'user-config');
    await writeFile(file, text, { mode: 0o600 });
    const one = await exec.run('ssh', ['-F', file, 'core-01', 'echo one']);
    expect(one).toMatchObject({ exitCode: 0, stdout: 'one\n' });
    const seen = await exec.run('ssh', ['-F', file, '-G', 'core-01']);
    expect(seen.stdout).toContain(`identityfile ${jump.keys.user.privateFile}`.replaceAll('%', '%%'));
    expect(seen.stdout).toContain(`user ${userInfo().username}\n`);
  });

  test('OpenSSH takes the private keys as they are: modes are strict', async () => {
    const { privateFile } = jump.keys.user;
    expect((await stat(privateFile)).mode & 0o777).toBe(0o600);
    const { stdout } = await exec.run('ssh-keygen', ['-y', '-f', privateFile]);
    expect(stdout.trim()).toBe(jump.keys.user.publicKey);
  });

  test('nothing keeps running', async () => {
    await ssh.script(behind(), 'true');
    await ssh.close();
    await eventually('the end of all connections', async () => (await jump.connections()).length === 0);
  });
});

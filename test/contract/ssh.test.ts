import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LabEventBody } from '../../src/engine/events.js';
import { createExec } from '../../src/engine/exec-process.js';
import { createSsh } from '../../src/engine/ssh/create-ssh.js';
import type { Ssh } from '../../src/engine/ssh/ssh.js';
import { eventually, freePort, kill, labForSsh, processes, remove, running, Sshd } from './support/sshd.js';

/** Scripts over a real OpenSSH server: what they give back, how they are ended, what happens when connections break. */
let directory: string;
let jump: Sshd;
let node: Sshd;
let ssh: Ssh;
let events: LabEventBody[];
/** Marks the processes of one test in the process table. */
let mark: string;

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

beforeEach(() => {
  events = [];
  mark = `mark-${randomUUID()}`;
  const sink = { emit: (event: LabEventBody) => void events.push(event) };
  ssh = createSsh({ exec: createExec(sink), events: sink, directory: join(directory, 'ssh') });
});

afterEach(async () => {
  await ssh.close();
  for (const pid of await running(mark)) kill(pid, 'SIGKILL');
});

const behind = () => ({ ...node.target, via: jump.target });

describe('a script', () => {
  test('gives back both outputs and its exit status', async () => {
    const result = await ssh.script(jump.target, 'echo out; echo err >&2; exit 7');
    expect(result).toMatchObject({ exitCode: 7, stdout: 'out\n', stderr: 'err\n', timedOut: false });
  });

  test('stops at the first failure, at unset variables and at failures within pipes', async () => {
    expect(await ssh.script(jump.target, 'false\necho on')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await ssh.script(jump.target, 'false | true\necho on')).toMatchObject({ exitCode: 1, stdout: '' });
    const unset = await ssh.script(jump.target, `echo "$nothing_of_that_name"\necho on`);
    expect(unset).toMatchObject({ stdout: '' });
    expect(unset.exitCode).not.toBe(0);
    expect(unset.stderr).toContain('nothing_of_that_name');
  });

  test('tells the signal that ended it', async () => {
    expect(await ssh.script(jump.target, 'kill -KILL $$')).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('has its input to itself: a command that reads does not eat the script', async () => {
    const result = await ssh.script(jump.target, 'cat\necho after', { input: 'öne\ntwo\n' });
    expect(result).toMatchObject({ exitCode: 0, stdout: 'öne\ntwo\nafter\n' });
    expect(await ssh.script(jump.target, 'cat\necho after')).toMatchObject({ stdout: 'after\n' });
  });

  test('sees its environment, exactly, and nobody sees it in the process table', async () => {
    const env = { LAB_A: `'"$HOME \\ \`x\` $(id)\nnext`, LAB_B: '', LAB_C: 'größe' };
    const script = `printf '%s|' "$LAB_A" "$LAB_B" "$LAB_C"; bash -c 'printf %s "$LAB_C"'; sleep 0.2`;
    const pending = ssh.script(jump.target, script, { env: { ...env, SECRET: mark } });
    expect(await pending).toMatchObject({ stdout: `${env.LAB_A}|${env.LAB_B}|${env.LAB_C}|größe` });
    const seen = await ssh.script(jump.target, 'cat /proc/$$/cmdline', { env: { SECRET: mark } });
    expect(seen.stdout).not.toContain(mark);
    await expect(ssh.script(jump.target, 'true', { env: { 'A=1; id': 'x' } })).rejects.toMatchObject({
      code: 'SSH_SCRIPT',
    });
  });

  test('may be longer than a command line can be', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `x=${index} # padding padding`);
    expect(await ssh.script(jump.target, `${lines.join('\n')}\necho $x`)).toMatchObject({ stdout: '19999\n' });
  });

  test('streams what it prints while it runs, in order', async () => {
    const chunks: string[] = [];
    let release = () => {};
    const gate = join(directory, `${mark}.gate`);
    const first = new Promise<void>((resolve) => {
      release = resolve;
    });
    const pending = ssh.script(jump.target, `echo 1; until [ -e '${gate}' ]; do sleep 0.05; done; echo 2; echo 3`, {
      onStdout: (chunk) => {
        chunks.push(chunk.toString());
        release();
      },
    });
    await first;
    expect(chunks).toEqual(['1\n']);
    await ssh.script(jump.target, `touch '${gate}'`);
    await pending;
    expect(chunks.join('')).toBe('1\n2\n3\n');
  });

  test('passes bytes through as they are', async () => {
    const bytes = randomBytes(300_000);
    const hash = createHash('sha256');
    await ssh.script(jump.target, 'base64 -d', {
      input: bytes.toString('base64'),
      onStdout: (chunk) => hash.update(chunk),
    });
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('may print 100 MB: every byte reaches the listener, memory stays small, the end is kept', async () => {
    let bytes = 0;
    let peak = 0;
    global.gc?.();
    const before = process.memoryUsage().rss;
    const script = 'head -c 104857600 /dev/zero | tr "\\0" x; echo; echo the end';
    const result = await ssh.script(jump.target, script, {
      onStdout: (chunk) => {
        bytes += chunk.length;
        peak = Math.max(peak, process.memoryUsage.rss());
      },
    });
    expect(bytes).toBe(104857600 + 9);
    expect(result.stdout.endsWith('x\nthe end\n')).toBe(true);
    expect(result.stdout.length).toBeLessThanOrEqual(1024 * 1024);
    expect(peak - before).toBeLessThan(80 * 1024 * 1024);
  });

  test('is not held up by a background process that keeps its output open', async () => {
    const result = await ssh.script(jump.target, `(exec -a ${mark} sleep 600) &\necho started`);
    expect(result).toMatchObject({ exitCode: 0, stdout: 'started\n' });
    expect(await running(mark)).toHaveLength(1);
  });

  test('many run at once, more than a connection has sessions', async () => {
    const all = await Promise.all(
      Array.from({ length: 25 }, (_, index) => ssh.script(jump.target, `sleep 0.3; echo ${index}`)),
    );
    expect(all.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 25 }, (_, index) => `${index}\n`));
  });

  test('appears in the command log, unless quiet', async () => {
    await ssh.script(jump.target, 'uname -r');
    await ssh.script(jump.target, 'true', { quiet: true });
    await ssh.script(jump.target, 'exit 3', { label: 'a label' });
    expect(events).toMatchObject([
      { type: 'command', line: "ssh core-provisioner 'uname -r'", machine: 'core-provisioner', exitCode: 0 },
      { type: 'command', line: 'a label', exitCode: 3 },
    ]);
  });
});

describe('ending a script', () => {
  /** A shell, a pipe, a child that ignores SIGTERM: nothing of it may stay. */
  const stubborn = () => `(trap '' TERM; exec -a ${mark}-a sleep 600) | (exec -a ${mark}-b sleep 600)`;

  test('abort ends all its processes and rejects with the reason', async () => {
    const controller = new AbortController();
    const pending = ssh.script(jump.target, stubborn(), { signal: controller.signal });
    pending.catch(() => {});
    await eventually('both processes', async () => (await running(mark)).length >= 2);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    expect(await running(mark)).toEqual([]);
    expect(await ssh.script(jump.target, 'echo alive')).toMatchObject({ stdout: 'alive\n' });
  });

  test('a script may clean up when it is aborted', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const file = join(directory, `${mark}.cleaned`);
    const script = `trap 'touch "$FILE"; exit 1' TERM; echo ready; while :; do sleep 0.1; done`;
    const pending = ssh.script(jump.target, script, {
      signal: controller.signal,
      env: { FILE: file },
      onStdout: (chunk) => {
        seen.push(chunk.toString());
        if (seen.length === 1) controller.abort();
      },
    });
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    expect(await ssh.script(jump.target, `[ -e '${file}' ]`)).toMatchObject({ exitCode: 0 });
  });

  test('aborted before it began, nothing runs', async () => {
    const file = join(directory, `${mark}.ran`);
    const script = `touch '${file}'`;
    await expect(ssh.script(jump.target, script, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    const controller = new AbortController();
    const pending = ssh.script(jump.target, script, { signal: controller.signal });
    controller.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    expect((await ssh.script(jump.target, `[ ! -e '${file}' ]`)).exitCode).toBe(0);
  });

  test('a time-out ends it and says so', async () => {
    expect(await ssh.ready(jump.target)).toEqual({ ok: true });
    const result = await ssh.script(jump.target, `echo begun; ${stubborn()}`, { timeout: 3000 });
    expect(result).toMatchObject({ timedOut: true, stdout: 'begun\n' });
    expect(await running(mark)).toEqual([]);
  });

  test('a listener that throws ends it too', async () => {
    const pending = ssh.script(jump.target, `echo x; exec -a ${mark} sleep 600`, {
      onStdout: () => {
        throw new Error('disk full');
      },
    });
    await expect(pending).rejects.toThrow('disk full');
    expect(await running(mark)).toEqual([]);
  });

  test('works behind a jump host as well', async () => {
    const controller = new AbortController();
    const pending = ssh.script(behind(), `exec -a ${mark} sleep 600`, { signal: controller.signal });
    pending.catch(() => {});
    await eventually('the process', async () => (await running(mark)).length > 0);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    expect(await running(mark)).toEqual([]);
  });
});

describe('connections', () => {
  test('are kept: ten scripts, one connection', async () => {
    await ssh.script(jump.target, 'true');
    // Those of earlier tests may still be on their way out, so what counts is what is new.
    const first = await jump.connections();
    expect(first).not.toEqual([]);
    for (let round = 0; round < 10; round += 1) await ssh.script(jump.target, 'true');
    expect((await jump.connections()).filter((pid) => !first.includes(pid))).toEqual([]);
  });

  test('go through a jump host, each verified by its own key', async () => {
    expect(await ssh.script(behind(), 'echo there')).toMatchObject({ stdout: 'there\n' });
    expect((await node.connections()).length).toBeGreaterThan(0);
    const wrong = { ...behind(), hostKey: jump.target.hostKey };
    await expect(ssh.script(wrong, 'true')).rejects.toMatchObject({ code: 'SSH_HOST_KEY', machine: 'core-01' });
  });

  test('a machine with another host key is refused before the login', async () => {
    const wrong = { ...jump.target, hostKey: jump.keys.host('stranger').publicKey };
    await expect(ssh.script(wrong, 'true')).rejects.toMatchObject({
      code: 'SSH_HOST_KEY',
      machine: 'core-provisioner',
      remedy: expect.arrayContaining([expect.stringContaining(String(jump.port))]),
    });
    expect(await ssh.ready(wrong)).toMatchObject({ ok: false, reason: expect.stringContaining('host key') });
  });

  test('a key that the machine does not know is refused', async () => {
    const other = await labForSsh(['x']);
    try {
      const target = { ...jump.target, privateKeyFile: other.keys.user.privateFile };
      await expect(ssh.script(target, 'true')).rejects.toMatchObject({ code: 'SSH_AUTH' });
      const nowhere = { ...jump.target, privateKeyFile: '/nonexistent/key' };
      await expect(ssh.script(nowhere, 'true')).rejects.toMatchObject({
        code: 'SSH_AUTH',
        why: expect.stringContaining('/nonexistent/key'),
      });
    } finally {
      await remove(other.directory);
    }
  });

  test('nobody listens: refused, directly and behind the jump host', async () => {
    const port = await freePort();
    const nobody = { ...node.target, port };
    await expect(ssh.script(nobody, 'true')).rejects.toMatchObject({ code: 'SSH_REFUSED', machine: 'core-01' });
    await expect(ssh.script({ ...nobody, via: jump.target }, 'true')).rejects.toMatchObject({
      code: 'SSH_REFUSED',
      machine: 'core-01',
      why: expect.stringContaining('core-provisioner'),
    });
    expect(await ssh.ready(nobody)).toMatchObject({ ok: false, reason: expect.stringContaining('127.0.0.1') });
  });

  test('a machine that hangs: ready says so, and works again when it is back', async () => {
    expect(await ssh.ready(jump.target)).toEqual({ ok: true });
    await jump.freeze(true);
    try {
      expect(await ssh.ready(jump.target, { timeout: 700 })).toMatchObject({ ok: false });
      await expect(ssh.script(jump.target, 'true', { timeout: 700 })).rejects.toMatchObject({ code: 'SSH_TIMEOUT' });
    } finally {
      await jump.freeze(false);
    }
    expect(await ssh.ready(jump.target)).toEqual({ ok: true });
    expect(await ssh.script(jump.target, 'echo back')).toMatchObject({ stdout: 'back\n' });
  });

  test('who waits shortly for a machine that hangs does not spoil it for others', async () => {
    await jump.freeze(true);
    const pending = ssh.script(jump.target, 'echo patient');
    pending.catch(() => {});
    try {
      expect(await ssh.ready(jump.target, { timeout: 300 })).toMatchObject({ ok: false });
    } finally {
      await jump.freeze(false);
    }
    expect(await pending).toMatchObject({ stdout: 'patient\n' });
  });

  test('a try that nobody waits for any more is given up, so that the next one dials anew', async () => {
    let dialled = 0;
    let open = 0;
    const silent = createServer((socket) => {
      dialled += 1;
      open += 1;
      socket.on('close', () => {
        open -= 1;
      });
      socket.on('error', () => {});
      socket.resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const target = { ...jump.target, port: (silent.address() as AddressInfo).port };
    try {
      for (let round = 0; round < 2; round += 1) {
        expect(await ssh.ready(target, { timeout: 300 })).toMatchObject({
          ok: false,
          reason: expect.stringContaining('did not answer ssh within 0.3 s'),
        });
      }
      expect(dialled).toBe(2);
      await eventually('the end of both', async () => open === 0);
    } finally {
      silent.close();
    }
  });

  test('sshd that stops and starts again is found again', async () => {
    expect(await ssh.script(jump.target, 'echo 1')).toMatchObject({ stdout: '1\n' });
    await jump.down();
    expect(await ssh.ready(jump.target)).toMatchObject({ ok: false });
    // Refused at first: the script is tried again until the server is back.
    const pending = ssh.script(jump.target, 'echo 2');
    pending.catch(() => {});
    await jump.up();
    expect(await pending).toMatchObject({ stdout: '2\n' });
    expect(await ssh.script(behind(), 'echo 3')).toMatchObject({ stdout: '3\n' });
  });

  test('a connection that breaks during a script: SSH_LOST, never run twice', async () => {
    const file = join(directory, `${mark}.count`);
    const pending = ssh.script(jump.target, `echo once >> '${file}'; exec -a ${mark} sleep 600`);
    pending.catch(() => {});
    await eventually('the process', async () => (await running(mark)).length > 0);
    await jump.cut();
    await expect(pending).rejects.toMatchObject({
      code: 'SSH_LOST',
      machine: 'core-provisioner',
      message: expect.stringMatching(/core-provisioner.*broke \d+\.\d s after/),
    });
    expect(await ssh.script(jump.target, `cat '${file}'`)).toMatchObject({ stdout: 'once\n' });
  });

  test('a jump host that breaks takes the connection behind it along', async () => {
    const pending = ssh.script(behind(), `exec -a ${mark} sleep 600`);
    pending.catch(() => {});
    await eventually('the process', async () => (await running(mark)).length > 0);
    await jump.cut();
    await expect(pending).rejects.toMatchObject({ code: 'SSH_LOST', machine: 'core-01' });
    expect(await ssh.script(behind(), 'echo again')).toMatchObject({ stdout: 'again\n' });
  });

  test('a machine behind a jump host that restarts while nobody talks to it is dialled anew', async () => {
    expect(await ssh.script(behind(), 'echo before')).toMatchObject({ stdout: 'before\n' });
    // Its packets are answered by nobody until the keepalive gives up; what the way through the jump host does is not heard of.
    await node.freeze(true);
    await new Promise((wake) => setTimeout(wake, 22_000));
    await node.freeze(false);
    expect(await ssh.script(behind(), 'echo after')).toMatchObject({ stdout: 'after\n' });
    await node.cut();
    expect(await ssh.script(behind(), 'echo again')).toMatchObject({ stdout: 'again\n' });
  });

  test('close ends them all', async () => {
    const before = (await jump.connections()).length + (await node.connections()).length;
    await ssh.script(behind(), 'true');
    await ssh.close();
    await eventually('the end of the connections', async () => {
      const now = (await jump.connections()).length + (await node.connections()).length;
      return now <= before;
    });
    await expect(ssh.script(jump.target, 'true')).rejects.toMatchObject({ code: 'SSH_CLOSED' });
  });
});

test('nothing of the helper processes is left on the machine', async () => {
  await ssh.script(jump.target, 'true');
  await expect(ssh.script(jump.target, 'sleep 600', { signal: AbortSignal.timeout(1000) })).rejects.toThrow();
  const left = (await processes()).filter(({ command }) => command.includes('members "$1"'));
  expect(left).toEqual([]);
});

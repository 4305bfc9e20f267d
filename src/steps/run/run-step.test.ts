import { access, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LabError } from '../../engine/errors.js';
import type { ExecResult } from '../../engine/exec.js';
import { createExec } from '../../engine/exec-process.js';
import type { Lab } from '../../engine/lab.js';
import type { ConsoleHandle } from '../../engine/providers/provider.js';
import type { SshRunOptions } from '../../engine/ssh/ssh.js';
import { fakeLab, lessonOf, RecordingBus, strict } from '../test-support.js';
import type { StepOutcome } from '../workshop.js';
import { BackgroundActions } from './background.js';
import { runStep } from './run-step.js';

let directory: string;
let bus: RecordingBus;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'run-step-'));
  bus = new RecordingBus();
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Runs the first step of a lesson as attempt 1; programs on the host are real. */
function run(body: string, lab: Lab = fakeLab(), signal = new AbortController().signal): Promise<StepOutcome> {
  const lesson = lessonOf(body);
  const [step] = lesson.steps;
  if (step === undefined) throw new Error('no step');
  const parts = { lab, exec: createExec(bus), events: bus, outputDirectory: directory };
  return runStep(parts, new BackgroundActions(), { lesson, step, attempt: 1, signal, checksOnly: false, faults: [] });
}

const fence = (info: string, source: string) => `\`\`\`${info}\n${source}\n\`\`\`\n`;
const step = (...fences: string[]) => `## A {#a}\n${fences.join('\n')}`;
const failure = () => bus.of('step').at(-1)?.failure;
const log = (action: string) => readFile(join(directory, `demo.a.1.${action}.log`), 'utf8');
const result = (exitCode: number | null): ExecResult => ({
  exitCode,
  stdout: '',
  stderr: '',
  timedOut: false,
  duration: 1,
});

describe('bash on the host', () => {
  test('sees the lab’s variables, keeps all output, tells it in events', async () => {
    expect(await run(step(fence('bash on=host name=show', 'echo "ip $PROVISIONER_IP"\necho oops >&2')))).toBe('passed');
    expect(bus.outline()).toEqual(['step started', 'show started', 'show passed', 'step passed']);
    expect(bus.of('action')[0]).toMatchObject({
      executor: 'bash',
      on: 'host',
      source: 'echo "ip $PROVISIONER_IP"\necho oops >&2',
    });
    expect(bus.of('action')[1]).toMatchObject({ exitCode: 0 });
    expect(bus.of('output').find(({ stream }) => stream === 'stderr')?.text).toBe('oops\n');
    expect((await log('show')).split('\n').sort()).toEqual(['', 'ip 192.168.2.2', 'oops']);
  });

  test('stops at the first command that fails; the failure has the output and the hints', async () => {
    const body = step(
      fence('bash on=host name=x', 'echo before\nfalse | true\necho after\nexit 3'),
      '<!-- hint: Mend it. -->',
    );
    expect(await run(body)).toBe('failed');
    expect(failure()).toMatchObject({ code: 'ACTION_FAILED', evidence: ['before'], remedy: ['Mend it.'] });
    expect(bus.of('action').at(-1)).toMatchObject({ status: 'failed', exitCode: 1 });
  });

  test('takes the script as it is: nothing of it is part of a command line', async () => {
    const source = `printf '%s|' '$(id)' "a'b" '\`x\`' ; cat <<'E'\n$HOME "quoted" \\\nE`;
    expect(await run(step(fence('bash on=host name=x', source)))).toBe('passed');
    expect(await log('x')).toBe(`$(id)|a'b|\`x\`|$HOME "quoted" \\\n`);
  });

  test('evidence is the last twenty lines, without what a terminal would act on', async () => {
    const source = 'for i in $(seq 1 100); do printf "line %s \\033[31mred\\033[0m \\033]0;t\\007\\n" $i; done; exit 1';
    await run(step(fence('bash on=host', source)));
    expect(failure()?.evidence).toEqual(Array.from({ length: 20 }, (_, n) => `line ${n + 81} red`));
  });

  test('binary bytes arrive in the file as they are', async () => {
    await run(step(fence('bash on=host name=x', "printf '\\377\\000\\376'")));
    expect([...(await readFile(join(directory, 'demo.a.1.x.log')))]).toEqual([255, 0, 254]);
    expect(bus.text()).toBe('\uFFFD\u0000\uFFFD');
  });

  test('a flood is kept whole in the file; in events every byte is shown or counted', async () => {
    const size = 20_000_000;
    expect(await run(step(fence('bash on=host name=x', `head -c ${size} /dev/zero | tr '\\0' 'x'`)))).toBe('passed');
    expect((await stat(join(directory, 'demo.a.1.x.log'))).size).toBe(size);
    const told = bus.of('output').reduce((sum, { text, skipped = 0 }) => sum + text.length + skipped, 0);
    expect(told).toBe(size);
    expect(Math.max(...bus.of('output').map(({ text }) => text.length))).toBeLessThanOrEqual(16 * 1024);
  });

  test('the rest of the step is not run after a failure', async () => {
    await run(step(fence('bash on=host name=x', 'exit 1'), fence('bash on=host name=y', 'true')));
    expect(bus.outline()).toEqual(['step started', 'x started', 'x failed', 'step failed']);
  });
});

describe('ends', () => {
  test('a time-out ends the script and says so', async () => {
    expect(await run(step(fence('bash on=host timeout=300ms name=x', 'sleep 600')))).toBe('failed');
    expect(failure()).toMatchObject({ code: 'ACTION_TIMEOUT' });
  });

  test('a time-out on a machine is longer on a slow host, and shows the console', async () => {
    const logFile = join(directory, 'console.log');
    await writeFile(logFile, '[ 1.0] booting\r\n\u001b[31mKernel panic\u001b[0m\n');
    let aborted: unknown;
    const lab = fakeLab({
      probe: async () => ({ usable: true, slowness: 4, problems: [] }),
      console: () => ({ logFile, attach: () => Promise.reject(new Error('unplanned')) }),
      exec: (_name, _script, options) =>
        new Promise((_, reject) => {
          options?.onStdout?.(Buffer.from('begun\n'));
          options?.signal?.addEventListener('abort', () => {
            aborted = options.signal?.reason;
            reject(aborted);
          });
        }),
    });
    expect(await run(step(fence('bash on=core-01 timeout=50ms name=x', 'sleep 600')), lab)).toBe('failed');
    expect(aborted).toBeInstanceOf(LabError);
    expect(failure()).toMatchObject({
      code: 'ACTION_TIMEOUT',
      message: 'The block "x" on core-01 was not done after 0.2 s and was ended.',
      machine: 'core-01',
      evidence: ['begun', 'Console of core-01:', '[ 1.0] booting', 'Kernel panic'],
    });
  });

  test('a cancel ends what runs, and nothing after it begins', async () => {
    const controller = new AbortController();
    const flag = join(directory, 'pid');
    const body = step(
      fence('bash on=host name=x', `echo $$ > ${flag}; echo up; sleep 600`),
      fence('bash on=host name=y', 'true'),
    );
    bus.subscribe((event) => {
      if (event.type === 'output') controller.abort();
    });
    expect(await run(body, fakeLab(), controller.signal)).toBe('cancelled');
    expect(bus.outline()).toEqual(['step started', 'x started', 'x cancelled', 'step cancelled']);
    const pid = Number(await readFile(flag, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test('a try that fails is repeated as often as the lesson says', async () => {
    const flag = join(directory, 'flag');
    const body = step(
      fence(
        'bats on=host check retry=1 name=x',
        `@test "second time" {\n  [ -e ${flag} ] || { touch ${flag}; false; }\n}`,
      ),
    );
    expect(await run(body)).toBe('passed');
    expect(bus.outline()).toEqual(['step started', 'x started', 'check ok second time', 'x passed', 'step passed']);
    expect(await log('x')).toContain('Trying again');
  });
});

describe('checks', () => {
  const tests = '@test "good" {\n  true\n}\n@test "not here" {\n  skip "why"\n}\n';

  test('each test is an event', async () => {
    expect(await run(step(fence('bats on=host check name=x', tests)))).toBe('passed');
    expect(bus.of('check')).toMatchObject([
      { name: 'good', ok: true, action: 'x' },
      { name: 'not here', ok: true, skipped: 'why' },
    ]);
    expect(bus.of('check')[0]?.duration).toBeGreaterThanOrEqual(0);
  });

  test('plain commands are one test, with the lab’s variables', async () => {
    expect(await run(step(fence('bats on=host check name=x', '[ "$PROVISIONER_IP" = 192.168.2.2 ]')))).toBe('passed');
    expect(bus.of('check')).toMatchObject([{ name: 'x', ok: true }]);
  });

  test('a failed test fails the step, with its diagnostics', async () => {
    expect(
      await run(step(fence('bats on=host check name=x', `${tests}@test "bad" {\n  echo "seen"\n  [ 1 = 2 ]\n}`))),
    ).toBe('failed');
    expect(bus.of('check').at(-1)).toMatchObject({ name: 'bad', ok: false });
    expect(bus.of('check').at(-1)?.diagnostics?.join('\n')).toMatch(/\[ 1 = 2 \].*failed[\s\S]*seen/);
    expect(failure()).toMatchObject({
      code: 'CHECK_FAILED',
      message: 'The check "x" on this computer failed: 1 of 3 tests failed.',
    });
  });

  test.each([
    ['a syntax error', '@test "x" {\n  if\n}'],
    ['a file that ends early', 'exit 0\n@test "x" {\n  true\n}\n@test "y" {\n  true\n}'],
    ['only skipped tests', '@test "x" {\n  skip\n}'],
    ['a setup that fails', 'setup_file() { false; }\n@test "x" {\n  true\n}'],
  ])('%s is no pass', async (_, source) => {
    expect(await run(step(fence('bats on=host check', source)))).toBe('failed');
  });

  test('on a machine the tests go through the standard input', async () => {
    let seen: [string, string, SshRunOptions | undefined] | undefined;
    const lab = fakeLab({
      exec: async (name, script, options) => {
        seen = [name, script, options];
        options?.onStdout?.(Buffer.from('1..1\nok 1 there'));
        return result(0);
      },
    });
    expect(await run(step(fence('bats on=core-01 check', '@test "there" { true; }')), lab)).toBe('passed');
    expect(seen?.[0]).toBe('core-01');
    expect(seen?.[1]).not.toContain('@test');
    expect(seen?.[2]).toMatchObject({ input: '@test "there" { true; }\n', env: { PROVISIONER_IP: '192.168.2.2' } });
  });

  test('the script that runs tests on a machine works in a real shell and leaves nothing behind', async () => {
    const exec = createExec(bus);
    const lab = fakeLab({
      exec: (_name, script, options) =>
        exec.run('bash', ['-euo', 'pipefail', '-c', script], {
          input: options?.input ?? '',
          env: { ...options?.env, TMPDIR: directory },
          ...(options?.onStdout === undefined ? {} : { onStdout: options.onStdout }),
        }),
    });
    expect(await run(step(fence('bats on=core-01 check', '@test "real" {\n  [ -n "$PROVISIONER_IP" ]\n}')), lab)).toBe(
      'passed',
    );
    expect(bus.of('check')).toMatchObject([{ name: 'real', ok: true }]);
    await expect(access(join(directory, 'check.bats'))).rejects.toThrow();
  });

  test('a machine without bats says so', async () => {
    const lab = fakeLab({ exec: async () => result(127) });
    await run(step(fence('bats on=core-01 check', 'true')), lab);
    expect(failure()).toMatchObject({ code: 'BATS_MISSING', machine: 'core-01' });
  });
});

describe('lab blocks', () => {
  test('run line by line and tell what happens', async () => {
    const calls: string[] = [];
    const lab = fakeLab({
      up: async (names) => {
        calls.push(`up ${names}`);
        bus.emit({ type: 'machine', machine: 'core-01', state: 'running' });
        bus.emit({ type: 'machine', machine: 'core-01', state: 'running' });
      },
      wait: async (names, condition, options) => {
        calls.push(`wait ${names} ${condition} ${options?.timeout}`);
      },
      save: async (name) => {
        calls.push(`save ${name}`);
      },
    });
    const source = '# go\nup core-01\nwait core-01 for ssh within 2m\nsnapshot save ready';
    expect(await run(step(fence('lab name=go', source)), lab)).toBe('passed');
    expect(calls).toEqual(['up core-01', 'wait core-01 ssh 120000', 'save ready']);
    expect(bus.of('action')[0]).toMatchObject({ native: ['qemu up core-01'], source });
    expect(await log('go')).toBe(
      '$ lab up core-01\ncore-01: running\n$ lab wait core-01 for ssh within 2m\n$ lab snapshot save ready\n',
    );
  });

  test('status is the table that Vagrant’s users know', async () => {
    const lab = fakeLab({
      status: async () => [
        { name: 'core-provisioner', role: 'provisioner', state: 'running' },
        { name: 'core-01', role: 'node', state: 'not_created' },
      ],
    });
    await run(step(fence('lab name=x', 'status')), lab);
    expect(await log('x')).toBe(
      'Current machine states:\n\ncore-provisioner          running (qemu)\ncore-01                   not created (qemu)\n',
    );
  });

  test('mayu list and mayu status print what Mayu knows, and status of one that it does not know fails', async () => {
    const host = { serial: 's1', machine: 'core-01', ip: '192.168.2.21', state: 'running', enabled: true, macs: [] };
    const lab = fakeLab({ mayuHosts: async () => [host] });
    await run(step(fence('lab name=x', 'mayu list\nmayu status s1')), lab);
    const lines = (await log('x')).split('\n');
    expect(lines[0]).toBe('$ lab mayu list');
    expect(lines[1]).toMatch(/^IP +SERIAL +PROFILE/);
    expect(lines[2]).toMatch(/^192\.168\.2\.21 +s1 .*"running"/);
    expect(lines.slice(3, 6)).toEqual(['$ lab mayu status s1', 'Machine:     core-01', 'Serial:      s1']);
    expect(await run(step(fence('lab', 'mayu status core-02')), lab)).toBe('failed');
    expect(failure()).toMatchObject({ code: 'MAYU_HOST_UNKNOWN' });
  });

  test('an error of the lab is the failure; what could not be planned is not called', async () => {
    const error = new LabError({
      code: 'NO_MEMORY',
      message: 'Too little memory.',
      remedy: ['Close something.'],
      machine: 'core-01',
    });
    const lab = fakeLab({
      up: () => Promise.reject(error),
      console: () => strict<ConsoleHandle>('Console', { logFile: join(directory, 'none') }),
    });
    expect(await run(step(fence('lab', 'up core-01\nhalt')), lab)).toBe('failed');
    expect(failure()).toMatchObject({ code: 'NO_MEMORY', remedy: ['Close something.'], machine: 'core-01' });
  });

  test('the image is made sure of', async () => {
    const image = { name: 'labos', version: '1', hash: 'abcdef', bytes: 5e8 } as Awaited<
      ReturnType<Lab['ensureImage']>
    >;
    await run(step(fence('lab name=x', 'image fetch')), fakeLab({ ensureImage: async () => image }));
    expect(await log('x')).toBe('The image labos 1 is ready (500 MB, abcdef).\n');
  });

  test('the verbs that make the provisioner ready for Mayu say what came of them', async () => {
    const lab = fakeLab({
      fetchMayu: async () => ({ image: 'coreos-lab/mayu:1.3.0', from: 'archive' }),
      sendImage: async () => ({ version: '1', folder: '/var/lib/mayu/images/1', sent: 2, bytes: 11e7 }),
      writeMayuHosts: async () => ({ written: ['core-01'], removed: ['old-0'] }),
    });
    expect(await run(step(fence('lab name=x', 'mayu fetch\nimage send\nmayu hosts')), lab)).toBe('passed');
    expect(await log('x')).toBe(
      `$ lab mayu fetch
coreos-lab/mayu:1.3.0 is on the provisioner.
$ lab image send
The files of 1 for network boot (110 MB) arrived whole: /var/lib/mayu/images/1 on the provisioner.
$ lab mayu hosts
Host names and host keys are in /var/lib/mayu/files: core-01
Removed, since no machine has these serials any more: old-0
`,
    );
  });
});

describe('only=', () => {
  test('leaves out what is for another provider or image', async () => {
    const body = step(
      fence('bash on=host name=a only=virtualbox', 'exit 1'),
      fence('bash on=host name=b only=qemu,flatcar', 'exit 1'),
      fence('bash on=host name=c only=qemu,labos', 'true'),
    );
    expect(await run(body)).toBe('passed');
    expect(bus.outline()).toEqual(['step started', 'a skipped', 'b skipped', 'c started', 'c passed', 'step passed']);
  });

  test('a step of which nothing is left is skipped', async () => {
    expect(await run(step(fence('bash on=host only=virtualbox', 'exit 1')))).toBe('skipped');
  });
});

test('a step of prose passes', async () => {
  expect(await run('## A {#a}\nText.\n')).toBe('passed');
});

test('a background command that fails at once fails the step', async () => {
  const lab = fakeLab({ exec: async () => result(127) });
  expect(await run(step(fence('bash on=core-01 background name=x', 'no-such-command')), lab)).toBe('failed');
  expect(bus.outline()).toEqual(['step started', 'x background', 'x failed', 'step failed']);
});

test('an output file that cannot be written does not stop the step', async () => {
  await rm(directory, { recursive: true });
  await writeFile(directory, 'a file where the directory should be');
  expect(await run(step(fence('bash on=host', 'echo hello')))).toBe('passed');
  expect(bus.of('notice')).toHaveLength(1);
  expect(bus.text()).toBe('hello\n');
});

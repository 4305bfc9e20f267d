import type { LabEventBody } from '../../engine/events.js';
import type { RunScript, ScriptedRun } from './fake-workshop.js';

export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

const ref = ({ lesson, step, attempt }: ScriptedRun, action: string) => ({ lesson, step, attempt, action });

const STATUS = `core-provisioner          not created (qemu)
core-01                   not created (qemu)
core-02                   not created (qemu)
core-03                   not created (qemu)
`;

/** `lab status`, as the first lesson's first step runs it. */
export const statusScript =
  (sleep: Sleep): RunScript =>
  async (run) => {
    const action = ref(run, 'status');
    run.emit({ type: 'action', status: 'started', executor: 'lab', source: 'status', ...action });
    await sleep(300, run.signal);
    run.emit({ type: 'output', stream: 'stdout', text: STATUS, ...action });
    run.emit({ type: 'action', status: 'passed', executor: 'lab', duration: 312, exitCode: 0, ...action });
    return 'passed';
  };

/** An image build with progress. */
export const imageScript =
  (sleep: Sleep): RunScript =>
  async (run) => {
    const action = ref(run, 'image');
    run.emit({ type: 'action', status: 'started', executor: 'lab', source: 'image fetch', ...action });
    const total = 285_000_000;
    for (let part = 0; part <= 10; part++) {
      run.emit({
        type: 'progress',
        id: 'image',
        label: 'fetching flatcar_production_qemu_image.img',
        unit: 'bytes',
        done: (total * part) / 10,
        total,
        eta: (10 - part) * 1000,
        finished: part === 10,
      });
      await sleep(400, run.signal);
    }
    run.emit({ type: 'action', status: 'passed', executor: 'lab', duration: 4400, ...action });
    return 'passed';
  };

const BOOT: [number, LabEventBody][] = [
  [200, { type: 'machine', machine: 'core-provisioner', state: 'starting' }],
  [300, { type: 'machine', machine: 'core-provisioner', state: 'running' }],
  [400, { type: 'stage', machine: 'core-provisioner', stage: 'firmware', sinceStart: 700 }],
  [1500, { type: 'stage', machine: 'core-provisioner', stage: 'kernel', sinceStart: 2200 }],
  [1500, { type: 'stage', machine: 'core-provisioner', stage: 'ignition', percent: 20, sinceStart: 3700 }],
  [800, { type: 'stage', machine: 'core-provisioner', stage: 'ignition', percent: 62, sinceStart: 4500 }],
  [1500, { type: 'stage', machine: 'core-provisioner', stage: 'system', sinceStart: 6000 }],
  [1500, { type: 'stage', machine: 'core-provisioner', stage: 'ssh', sinceStart: 7500 }],
];

/** `lab up` with the stages of a boot, then three tests. `stopAt` leaves it in the middle of the boot. */
export const upScript =
  (sleep: Sleep, now: () => number, stopAt = BOOT.length): RunScript =>
  async (run) => {
    const action = ref(run, 'up');
    const native = [
      'qemu-img create -f qcow2 -b flatcar_production_qemu_image.img -F qcow2 disk.qcow2',
      'qemu-system-x86_64 -name core-provisioner -machine q35,accel=kvm -m 1024 -smp 1 -nographic',
    ];
    run.emit({ type: 'action', status: 'started', executor: 'lab', source: 'up core-provisioner', native, ...action });
    for (const line of native)
      run.emit({ type: 'command', line, machine: 'core-provisioner', exitCode: 0, duration: 40 });
    const wait = {
      type: 'wait' as const,
      id: 'ssh:core-provisioner',
      label: 'core-provisioner: waiting for ssh',
      usual: 70_000,
    };
    const since = now();
    run.emit({ ...wait, since });
    for (const [delay, event] of BOOT.slice(0, stopAt)) {
      await sleep(delay, run.signal);
      run.emit(event);
    }
    if (stopAt < BOOT.length) await sleep(3_600_000, run.signal);
    run.emit({ ...wait, since, done: true, ok: true });
    run.emit({ type: 'action', status: 'passed', executor: 'lab', duration: now() - since, ...action });
    return checks(run, sleep);
  };

async function checks(run: ScriptedRun, sleep: Sleep): Promise<'passed'> {
  const action = ref(run, 'is-up');
  const on = 'core-provisioner';
  run.emit({ type: 'action', status: 'started', executor: 'bats', on, source: '', ...action });
  for (const name of [
    'the host name came from Ignition',
    'the private address came from Ignition',
    '/usr is read-only',
  ]) {
    await sleep(300, run.signal);
    run.emit({ type: 'check', name, ok: true, duration: 120, ...action });
  }
  run.emit({ type: 'action', status: 'passed', executor: 'bats', on, duration: 1240, ...action });
  return 'passed';
}

/** A script that fails on the machine, with evidence and remedies. */
export const failingScript =
  (sleep: Sleep): RunScript =>
  async (run) => {
    const action = ref(run, 'install');
    const on = 'core-provisioner';
    run.emit({
      type: 'action',
      status: 'started',
      executor: 'bash',
      on,
      source: 'provision/gateway/install-bats',
      ...action,
    });
    run.emit({ type: 'output', stream: 'stdout', text: 'installing bats 1.11 into /opt/bats\n', ...action });
    await sleep(500, run.signal);
    run.emit({
      type: 'output',
      stream: 'stderr',
      text: 'tar: /opt/bats: Cannot mkdir: Read-only file system\n',
      ...action,
    });
    const failure = {
      code: 'ACTION_FAILED',
      message: 'install-bats on core-provisioner ended with exit code 2.',
      cause: 'The folder /opt is mounted read-only.',
      remedy: ['Look at the mounts: press s, then type findmnt /opt', 'Reload the machine, then run the step again.'],
      machine: on,
      evidence: ['installing bats 1.11 into /opt/bats', 'tar: /opt/bats: Cannot mkdir: Read-only file system'],
    };
    run.emit({
      type: 'action',
      status: 'failed',
      executor: 'bash',
      on,
      exitCode: 2,
      duration: 540,
      failure,
      ...action,
    });
    run.emit({
      type: 'step',
      status: 'failed',
      lesson: run.lesson,
      step: run.step,
      attempt: run.attempt,
      duration: 560,
      failure,
    });
    return 'failed';
  };

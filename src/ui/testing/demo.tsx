import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { startUi } from '../start.js';
import { FakeWorkshop } from './fake-workshop.js';
import { fixtureDoctor } from './fixture-doctor.js';
import { failingScript, imageScript, type Sleep, statusScript, upScript } from './scripts.js';

/**
 * Shows the screen over a scripted workshop, to look at it: bundle this file with esbuild and run it in a terminal. MODE is
 * fullscreen, inline or accessible.
 */
const sleep: Sleep = async (milliseconds, signal) => {
  await wait(milliseconds, undefined, { signal });
};

const workshop = new FakeWorkshop({
  doctor: fixtureDoctor(async () => wait(1500)),
  directory: '/tmp/coreos-lab-demo',
  steps: {
    'sandbox/overview': statusScript(sleep),
    'sandbox/image': imageScript(sleep),
    'sandbox/up': upScript(sleep, Date.now),
    'sandbox/bats': failingScript(sleep),
  },
  savepoints: [{ name: 'provisioner-ready', time: 0, machines: ['core-provisioner'], bytes: 812_000_000 }],
  lab: {
    shell: async () => ({ program: 'sh', args: ['-i'] }),
    halt: async () => {
      await wait(1000);
      workshop.emit({ type: 'machine', machine: 'core-provisioner', state: 'poweroff' });
    },
  },
});
workshop.events.subscribe((event) => {
  if (event.type !== 'stage' || event.stage !== 'ssh') return;
  workshop.status = workshop.status.map((row) =>
    row.name === event.machine
      ? { ...row, state: 'running', ip: '192.168.2.2', ssh: true, uptime: event.sinceStart }
      : row,
  );
});

const mode = process.env.MODE === 'inline' || process.env.MODE === 'accessible' ? process.env.MODE : 'fullscreen';
const result = await startUi({
  workshop,
  mode,
  version: '0.1.0',
  initial: { screen: 'home' },
  color: process.env.NO_COLOR === undefined,
  interactive: (program, args) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, { stdio: 'inherit' });
      child.on('error', reject);
      child.on('exit', (code) => resolve(code ?? 255));
    }),
  copy: async () => true,
  image: async () => ({ ready: true, detail: 'ready, 812 MB' }),
  dropCaches: async () => 812_000_000,
});
console.log(JSON.stringify(result));
process.exit(result.exitCode);

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabEventBody } from '../../../src/engine/events.js';
import { createExec } from '../../../src/engine/exec-process.js';
import { createQemuProvider, type QemuProvider } from '../../../src/engine/providers/qemu/provider.js';
import type { ProviderHarness } from '../provider.js';
import { bootSector } from './boot-sector.js';
import { testSpec } from './machine-spec.js';
import { until } from './peer.js';
import { buildSwitch } from './switch-script.js';

export interface QemuHarness extends ProviderHarness {
  provider: QemuProvider;
  labDirectory: string;
  runtimeDirectory: string;
  events: LabEventBody[];
  pid(name: string): number;
}

/** A lab of its own in temporary directories. `labDirectory` may lie elsewhere (on a small disk). */
export async function createQemuHarness(options: { labDirectory?: string } = {}): Promise<QemuHarness> {
  const directory = mkdtempSync(join(tmpdir(), 'lab-qemu-'));
  const labDirectory = options.labDirectory ?? join(directory, 'lab');
  const runtimeDirectory = mkdtempSync(join(tmpdir(), 'lab-run-'));
  const switchScript = await buildSwitch(directory);
  const events: LabEventBody[] = [];
  const sink = { emit: (body: LabEventBody) => void events.push(body) };
  const exec = createExec(sink);
  const make = () =>
    createQemuProvider({
      exec,
      labDirectory,
      runtimeDirectory,
      cacheDirectory: directory,
      switchScript,
      events: sink,
    });
  const provider = make();
  const base = join(directory, 'base.qcow2');
  const raw = join(directory, 'base.img');
  writeFileSync(raw, Buffer.concat([bootSector(), Buffer.alloc(1024 * 1024 - 512)]));
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, base]);
  const machine = (name: string) => join(labDirectory, 'machines', name);
  const pid = (name: string) => Number(readFileSync(join(machine(name), 'pid'), 'utf8'));

  return {
    provider,
    again: make,
    directory,
    labDirectory,
    runtimeDirectory,
    events,
    pid,
    spec: (name, options) => testSpec(name, base, options),
    crash: async (name) => {
      const number = pid(name);
      process.kill(number, 'SIGKILL');
      await until('killed', () => !isAlive(number));
    },
    foreign: async (name) => {
      // Same name, and its number in a pid file of ours, as when numbers are reused.
      const child = spawn('qemu-system-x86_64', ['-name', name, '-display', 'none', '-nodefaults', '-S'], {
        stdio: 'ignore',
      });
      mkdirSync(machine(name), { recursive: true });
      writeFileSync(join(machine(name), 'pid'), `${child.pid}\n`);
      return {
        runs: () => child.exitCode === null && child.signalCode === null && isAlive(child.pid as number),
        end: async () => {
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGKILL');
          await ended;
        },
      };
    },
    leftovers: (name) => [
      machine(name),
      ...['qmp', 'mon', 'ser', 'net'].map((end) => join(runtimeDirectory, `${name}.${end}`)),
    ],
    dispose: async () => {
      if (existsSync(join(labDirectory, 'machines'))) {
        for (const name of ['m1', 'm2', 'm3', 'm4']) await provider.destroy(name);
      }
      await provider.wire.stop();
      rmSync(directory, { recursive: true, force: true });
      rmSync(runtimeDirectory, { recursive: true, force: true });
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

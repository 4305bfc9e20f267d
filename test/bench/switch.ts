import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { createExec } from '../../src/engine/exec-process.js';
import { createSwitchClient } from '../../src/engine/network/switch-client.js';
import { type Benchmark, type Figure, median } from './figures.js';
import { measureSwitchWithMachines } from './switch-machines.js';

export interface SwitchMeasurement {
  /** Frames of 1514 bytes in one write of the sender; QEMU writes each frame on its own. */
  perWrite: number;
  direct: Throughput;
  switched: Throughput;
  /** switched / direct */
  share: number;
}

export interface Throughput {
  framesPerSecond: number;
  megabytesPerSecond: number;
  /** Share of the frames that arrived. */
  delivered: number;
}

const RUNS = 3;
const FRAMES = { 1: 300_000, 32: 1_000_000 } as const;

/**
 * Frames a second and MB/s from one process to another: over one unix socket, and through the real switch (recording the wire
 * as always). All processes share the same cores, so this is the worst case: with virtual machines the guests are the limit.
 */
export async function measureSwitch(perWrite: 1 | 32 = 1): Promise<SwitchMeasurement> {
  const directory = await mkdtemp(join(tmpdir(), 'lab-bench-'));
  try {
    await build({
      entryPoints: { peer: 'test/bench/switch-peer.ts', switch: 'src/engine/network/switch-main.ts' },
      outdir: directory,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node22.12',
      logLevel: 'warning',
    });
    const direct: Throughput[] = [];
    const switched: Throughput[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      direct.push(await once(directory, perWrite, false));
      switched.push(await once(directory, perWrite, true));
    }
    const summary = { direct: middle(direct), switched: middle(switched) };
    return { perWrite, ...summary, share: summary.switched.framesPerSecond / summary.direct.framesPerSecond };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function once(directory: string, perWrite: 1 | 32, throughSwitch: boolean): Promise<Throughput> {
  const runtimeDirectory = await mkdtemp(join(directory, 'run-'));
  const socket = (name: string) => join(runtimeDirectory, `${name}.net`);
  const frames = FRAMES[perWrite];
  const peer = join(directory, 'peer.mjs');
  const client = createSwitchClient({
    exec: createExec({ emit: () => {} }),
    script: join(directory, 'switch.mjs'),
    runtimeDirectory,
    pcapFile: join(runtimeDirectory, 'wire.pcap'),
  });
  const started: ChildProcess[] = [];
  const run = (...args: string[]) => {
    const child = spawn(process.execPath, [peer, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(child);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    return async () => String((await lines.next()).value);
  };
  try {
    const receiver = run('receive', socket('receiver'), String(frames));
    await receiver();
    const how = throughSwitch ? 'listen' : 'connect';
    const path = throughSwitch ? socket('sender') : socket('receiver');
    const sender = run('send', how, path, String(frames), String(perWrite));
    if (throughSwitch) {
      await sender();
      // The sender first: the receiver's greeting must not be flooded to nobody.
      await client.add({ name: 'sender', path: socket('sender') });
      while (((await client.statistics())?.ports[0]?.connected ?? false) === false);
      await client.add({ name: 'receiver', path: socket('receiver') });
    }
    const result = JSON.parse(await receiver()) as { frames: number; bytes: number; milliseconds: number };
    return {
      framesPerSecond: (result.frames / result.milliseconds) * 1000,
      megabytesPerSecond: result.bytes / result.milliseconds / 1000,
      delivered: result.frames / frames,
    };
  } finally {
    for (const child of started) child.kill('SIGKILL');
    await client.stop();
  }
}

function middle(all: readonly Throughput[]): Throughput {
  return {
    framesPerSecond: median(all.map((each) => each.framesPerSecond)),
    megabytesPerSecond: median(all.map((each) => each.megabytesPerSecond)),
    delivered: Math.min(...all.map((each) => each.delivered)),
  };
}

export const switchThroughput: Benchmark = {
  name: 'switch',
  run: async () => {
    const figures: Figure[] = [];
    for (const perWrite of [1, 32] as const) {
      const { direct, switched, share } = await measureSwitch(perWrite);
      const how = perWrite === 1 ? 'one frame a write, as QEMU does' : `${perWrite} frames a write`;
      for (const [name, value] of [
        ['direct unix socket', direct],
        ['through the switch', switched],
      ] as const) {
        figures.push({ name: `${name}, ${how}`, value: value.megabytesPerSecond, unit: 'MB/s' });
        figures.push({ name: `${name}, ${how}`, value: value.framesPerSecond, unit: 'frames/s' });
      }
      figures.push({
        name: `switch against direct, ${how}`,
        value: share * 100,
        unit: '%',
        note: `synthetic, all processes on the same cores, ${(switched.delivered * 100).toFixed(1)} % delivered`,
      });
    }
    const image = findImage();
    if (image === undefined) return figures;
    const { direct, switched, share } = await measureSwitchWithMachines(image);
    const note = 'HTTP between two machines, median of 5 in turn';
    figures.push({ name: "two machines, QEMU's own socket", value: direct, unit: 'Mbit/s', note });
    figures.push({ name: 'two machines, through the switch', value: switched, unit: 'Mbit/s', note });
    figures.push({ name: 'switch against own socket, machines', value: share * 100, unit: '%', aim: '≥ 90' });
    return figures;
  },
};

/** The image that the built program has in its cache, if any. */
function findImage(): { kernel: string; initrd: string } | undefined {
  try {
    const text = execFileSync(process.execPath, ['dist/main.js', 'image', 'list', '--json'], { encoding: 'utf8' });
    return (JSON.parse(text) as { kernel: string; initrd: string }[])[0];
  } catch {
    return undefined;
  }
}

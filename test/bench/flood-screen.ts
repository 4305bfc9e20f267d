/**
 * The screen for the flood benchmark, a process of its own:
 *   flood-screen calm|flood SECONDS     prints one line of JSON
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultLabConfig } from '../../src/engine/config/defaults.js';
import { Boots } from '../../src/engine/lab/boots.js';
import { ConsoleWatch } from '../../src/engine/lab/console-watch.js';
import type { Provider } from '../../src/engine/providers/provider.js';
import { Timings } from '../../src/engine/state/timings.js';
import { startUi } from '../../src/ui/start.js';
import { FakeWorkshop } from '../../src/ui/testing/fake-workshop.js';
import { nothingCreated } from '../../src/ui/testing/fixture-lab.js';
import { percentile } from './figures.js';
import type { FloodMeasurement } from './flood.js';

type WatchParts = ConstructorParameters<typeof ConsoleWatch>[0];

const LINES = 5000;
const [how, seconds] = process.argv.slice(2);
const SECONDS = Number(seconds);
const machines = nothingCreated.map(({ name }) => name);

/** A process of its own that appends boot messages to every console, so that its work is not counted as ours. */
const writer = `
const { appendFileSync } = require('node:fs');
const files = process.argv.slice(1);
let line = 0;
// Ends with the benchmark, however that ends.
process.stdin.on('end', () => process.exit()).resume();
setInterval(() => {
  let text = '';
  for (let i = 0; i < ${LINES / 50}; i++) text += '[' + (line++ / 1000).toFixed(6).padStart(12) + '] \\u001b[32msystemd\\u001b[0m[1]: Started unit number ' + line + ' of a very busy boot.\\r\\n';
  for (const file of files) appendFileSync(file, text);
}, 20);
`;

/** The program's own screen on a terminal that only notes when something was drawn. */
class Glass {
  readonly stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode() {}, ref() {}, unref() {} });
  readonly stdout: NodeJS.WriteStream;
  #expected: { text: string; resolve(time: number): void; reject(error: unknown): void } | undefined;
  #error: unknown;

  constructor() {
    const write = (text: string, ...rest: unknown[]) => {
      if (this.#expected !== undefined && text.includes(this.#expected.text)) this.#expected.resolve(performance.now());
      const done = rest.find((each) => typeof each === 'function');
      if (typeof done === 'function') setImmediate(done as () => void);
      return true;
    };
    const shape = { isTTY: true, writable: true, columns: 120, rows: 36, write };
    this.stdout = Object.assign(new EventEmitter(), shape) as unknown as NodeJS.WriteStream;
  }

  /** The screen has ended: no key has an effect any more. */
  fail(error: unknown): void {
    this.#error = error;
    this.#expected?.reject(error);
  }

  /** Milliseconds from a key to the first drawing that shows its effect. */
  async press(key: string, effect: string): Promise<number> {
    if (this.#error !== undefined) throw this.#error;
    const seen = new Promise<number>((resolve, reject) => {
      this.#expected = { text: effect, resolve, reject };
    });
    const started = performance.now();
    this.stdin.write(key);
    return (await seen) - started;
  }
}

async function measure(consoles: boolean): Promise<FloodMeasurement> {
  const directory = await mkdtemp(join(tmpdir(), 'flood-'));
  const logFile = (name: string) => join(directory, 'machines', name, 'console.log');
  for (const name of machines) await mkdir(join(directory, 'machines', name), { recursive: true });
  const workshop = new FakeWorkshop({
    directory,
    status: nothingCreated.map((row) => ({ ...row, state: 'running', uptime: 1000 })),
    lab: { watch: () => watchConsoles() },
  });
  const provider: Partial<Provider> = {
    name: 'qemu',
    probe: async () => ({ usable: true, slowness: 1, problems: [] }),
    states: async () => new Map(machines.map((name) => [name, 'running'])),
    console: (name) => ({ logFile: logFile(name), attach: () => Promise.reject(new Error()) }),
  };
  const parts: Omit<WatchParts, 'provider' | 'paths'> = {
    config: defaultLabConfig(),
    events: workshop.events,
    timings: await Timings.open(join(directory, 'timings.json')),
  };
  const watch = new ConsoleWatch(
    { ...parts, provider, paths: { labDirectory: directory } } as WatchParts,
    new Boots(directory),
  );
  const watchConsoles = () => {
    const ends = machines.map((name) => watch.follow(name));
    return async () => {
      for (const end of ends) await (await end)();
    };
  };
  const glass = new Glass();
  const ended = startUi({
    workshop,
    mode: 'fullscreen',
    version: '0',
    initial: { screen: 'lesson', lesson: 'sandbox' },
    color: true,
    unicode: true,
    interactive: async () => 0,
    stdin: glass.stdin as unknown as NodeJS.ReadStream,
    stdout: glass.stdout,
  });
  // A screen that fails shall not be waited for.
  ended.catch((error: unknown) => glass.fail(error));
  let flood: ChildProcess | undefined;
  try {
    if (consoles)
      flood = spawn(process.execPath, ['-e', writer, ...machines.map(logFile)], {
        stdio: ['pipe', 'ignore', 'ignore'],
      });
    await sleep(3000);
    const keys: number[] = [];
    const panes = ['Machines', 'Console', 'Wire', 'Output', 'Lesson'];
    const before = process.cpuUsage();
    const began = performance.now();
    for (let count = 0; performance.now() - began < SECONDS * 1000; count++) {
      keys.push(await glass.press('\t', `▸ ${panes[count % panes.length]}`));
      await sleep(80 + Math.random() * 120);
    }
    const { user, system } = process.cpuUsage(before);
    const cpu = ((user + system) / 1000 / (performance.now() - began)) * 100;
    const memory = process.memoryUsage.rss() / 1e6;
    return { keys: keys.length, p50: percentile(keys, 0.5), p99: percentile(keys, 0.99), cpu, memory };
  } finally {
    flood?.kill('SIGKILL');
    glass.stdin.write('\u0003');
    await sleep(100);
    glass.stdin.write('\u0003');
    await ended;
    await rm(directory, { recursive: true, force: true });
  }
}

console.log(JSON.stringify(await measure(how === 'flood')));

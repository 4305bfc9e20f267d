import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MachineSpec, Provider } from '../../src/engine/providers/provider.js';
import { MARKER } from './support/boot-sector.js';
import { until } from './support/peer.js';

/** What a provider's test file brings. Machines boot the guest of support/boot-sector.ts. */
export interface ProviderHarness {
  provider: Provider;
  /** Another instance on the same state, as after a restart of the program. */
  again(): Provider;
  /** A spec with a unique serial, MAC and UUID; the disk holds the test guest unless `blank`. */
  spec(name: string, options?: { blank?: boolean; sshPort?: number }): Promise<MachineSpec>;
  /** kill -9 of the machine's hypervisor process. */
  crash(name: string): Promise<void>;
  /** Starts a machine with this name outside the lab and resolves with a check whether it still runs. */
  foreign(name: string): Promise<{ runs(): boolean; end(): Promise<void> }>;
  /** Directory for files of the test. */
  directory: string;
  /** Paths that belong to a machine and must be gone when it is destroyed. */
  leftovers(name: string): string[];
  dispose(): Promise<void>;
}

/** The contract of Provider, against the real hypervisor. */
export function describeProvider(title: string, factory: () => Promise<ProviderHarness>): void {
  describe(title, () => {
    let harness: ProviderHarness;
    let provider: Provider;
    let used: string[] = [];

    beforeAll(async () => {
      harness = await factory();
      provider = harness.provider;
    });
    afterAll(() => harness?.dispose());
    afterEach(async () => {
      for (const name of used) await provider.destroy(name);
      used = [];
    });

    async function define(name: string, options?: { blank?: boolean; sshPort?: number }): Promise<MachineSpec> {
      used.push(name);
      return harness.spec(name, options);
    }

    const state = async (name: string) => (await provider.states([name])).get(name);
    const log = (name: string) => {
      const file = provider.console(name).logFile;
      return existsSync(file) ? readFileSync(file, 'latin1') : '';
    };
    const boots = (name: string) => log(name).split(MARKER).length - 1;

    /** Created, started and past the marker. */
    async function running(name: string): Promise<MachineSpec> {
      const spec = await define(name);
      await provider.create(spec);
      await provider.start(spec);
      await until(`${name} prints its marker`, () => boots(name) === 1, 120_000);
      return spec;
    }

    it('can be used here', async () => {
      const report = await provider.probe();
      expect(report).toMatchObject({ usable: true, version: expect.stringMatching(/^\d+\.\d+/) });
      expect(report.slowness).toBeGreaterThanOrEqual(1);
      expect((await harness.again().probe()).accelerator).toBe(report.accelerator);
    });

    it('creates, starts, powers off and destroys, each also when it is done already', async () => {
      const spec = await define('m1');
      expect(await state('m1')).toBe('not_created');
      await provider.powerOff('m1');
      await provider.destroy('m1');
      await expect(provider.start(spec)).rejects.toMatchObject({ code: 'MACHINE_NOT_CREATED', machine: 'm1' });
      await provider.create(spec);
      await provider.create(spec);
      expect(await state('m1')).toBe('poweroff');
      await provider.start(spec);
      expect(await state('m1')).toBe('running');
      await until('marker', () => boots('m1') === 1, 120_000);
      await provider.start(spec);
      await provider.create(spec);
      expect(boots('m1')).toBe(1);
      await provider.powerOff('m1');
      await provider.powerOff('m1');
      expect(await state('m1')).toBe('poweroff');
      await provider.destroy('m1');
      await provider.destroy('m1');
      expect(await state('m1')).toBe('not_created');
      expect(harness.leftovers('m1').filter(existsSync)).toEqual([]);
    });

    it('destroys a running machine and leaves nothing behind', async () => {
      await running('m1');
      await provider.destroy('m1');
      expect(harness.leftovers('m1').filter(existsSync)).toEqual([]);
    });

    it('keeps machines when the program ends, and finds them again', async () => {
      const spec = await running('m1');
      const other = harness.again();
      expect((await other.states(['m1', 'm2'])).get('m1')).toBe('running');
      await other.start(spec);
      expect(boots('m1')).toBe(1);
    });

    it('starts one machine once, however often it is asked at the same time', async () => {
      const spec = await define('m1');
      await Promise.all([provider.create(spec), provider.create(spec)]);
      await Promise.all([provider.start(spec), provider.start(spec), provider.start(spec)]);
      await until('marker', () => boots('m1') === 1, 120_000);
      await provider.powerOff('m1');
      expect(await state('m1')).toBe('poweroff');
    });

    it('logs the console and connects to it, also after a restart', async () => {
      const spec = await running('m1');
      const first = await provider.console('m1').attach();
      expect(await say(first, 'hello')).toBe('hello');
      first.destroy();
      await until('logged', () => log('m1').endsWith('hello'));
      await provider.powerOff('m1');
      await expect(provider.console('m1').attach()).rejects.toMatchObject({ code: 'MACHINE_NOT_RUNNING' });
      await provider.start(spec);
      await until('booted again', () => boots('m1') === 2, 120_000);
      expect(log('m1')).toContain('hello');
    });

    it('ends the console stream when the machine ends', async () => {
      await running('m1');
      const stream = await provider.console('m1').attach();
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.on('error', () => {}).resume();
      await provider.powerOff('m1');
      await closed;
    });

    it('says aborted after a crash, and start, powerOff and destroy repair that', async () => {
      const spec = await running('m1');
      await harness.crash('m1');
      expect(await state('m1')).toBe('aborted');
      await provider.start(spec);
      await until('booted again', () => boots('m1') === 2, 120_000);
      await harness.crash('m1');
      await provider.powerOff('m1');
      expect(await state('m1')).toBe('poweroff');
      await provider.start(spec);
      await harness.crash('m1');
      await provider.destroy('m1');
      expect(harness.leftovers('m1').filter(existsSync)).toEqual([]);
    });

    it('shuts down by the power button', async () => {
      await running('m1');
      await provider.shutdown('m1', { timeout: 60_000 });
      expect(await state('m1')).toBe('poweroff');
      await provider.shutdown('m1', { timeout: 1000 });
    });

    it('reports a guest that does not shut down, and one that powers itself off', async () => {
      await running('m1');
      const stream = await provider.console('m1').attach();
      expect(await say(stream, '@')).toBe('@');
      await expect(provider.shutdown('m1', { timeout: 1500 })).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' });
      expect(await state('m1')).toBe('running');
      await expect(provider.shutdown('m1', { timeout: 60_000, signal: AbortSignal.timeout(300) })).rejects.toThrow();
      stream.write('!');
      await until('off', async () => (await state('m1')) === 'poweroff');
      stream.destroy();
    });

    it('resets, pauses and resumes', async () => {
      const spec = await running('m1');
      await provider.reset('m1');
      await until('booted again', () => boots('m1') === 2, 120_000);
      await provider.pause('m1');
      await provider.pause('m1');
      expect(await state('m1')).toBe('paused');
      await provider.resume('m1');
      expect(await state('m1')).toBe('running');
      await provider.pause('m1');
      await provider.start(spec);
      expect(await state('m1')).toBe('running');
      await provider.powerOff('m1');
      for (const verb of ['reset', 'pause', 'resume'] as const) {
        await expect(provider[verb]('m1')).rejects.toMatchObject({ code: 'MACHINE_NOT_RUNNING', machine: 'm1' });
      }
    });

    it('gives the states of several machines at once', async () => {
      await running('m1');
      await provider.create(await define('m2'));
      const states = await provider.states(['m1', 'm2', 'm3']);
      expect([...states]).toEqual([
        ['m1', 'running'],
        ['m2', 'poweroff'],
        ['m3', 'not_created'],
      ]);
    });

    it('saves a group with its memory, restores it and discards it', async (context) => {
      if (!provider.capabilities.liveSnapshots) return context.skip('no live snapshots');
      const names = ['m1', 'm2', 'm3'];
      const first = await running('m1');
      const second = await running('m2');
      const third = await define('m3');
      await provider.create(third);
      const specs = [first, second, third];
      const count = async (name: string, keys: string) => {
        const stream = await provider.console(name).attach();
        const answer = await say(stream, keys);
        stream.destroy();
        return answer;
      };
      expect(await count('m1', '++=')).toBe('++c');
      expect(await count('m2', '+=')).toBe('+b');
      await provider.save(names, 'before');
      expect([...(await provider.states(names)).values()]).toEqual(['running', 'running', 'poweroff']);
      const [saved] = await provider.savepoints(names);
      expect(saved).toMatchObject({ name: 'before', machines: names });
      expect(saved?.bytes).toBeGreaterThan(0);

      // Running machines go back, one that was off at the time goes off, one that is off comes back running.
      expect(await count('m1', '++=')).toBe('++e');
      await provider.powerOff('m2');
      await provider.start(third);
      await harness.again().restore(specs, 'before');
      expect([...(await provider.states(names)).values()]).toEqual(['running', 'running', 'poweroff']);
      expect(await count('m1', '=')).toBe('c');
      expect(await count('m2', '=')).toBe('b');

      // Saving again under the same name replaces it.
      expect(await count('m1', '+=')).toBe('+d');
      await provider.save(names, 'before');
      expect(await provider.savepoints(names)).toHaveLength(1);
      expect(await count('m1', '+=')).toBe('+e');
      await provider.restore(specs, 'before');
      expect(await count('m1', '=')).toBe('d');

      await provider.discard(names, 'before');
      await provider.discard(names, 'before');
      expect(await provider.savepoints(names)).toEqual([]);
      await expect(provider.restore(specs, 'before')).rejects.toMatchObject({ code: 'SAVEPOINT_MISSING' });
      expect(await count('m1', '=')).toBe('d');
    });

    it('keeps a paused machine paused through save and restore', async () => {
      const spec = await running('m1');
      await provider.pause('m1');
      await provider.save(['m1'], 'paused');
      expect(await state('m1')).toBe('paused');
      await provider.resume('m1');
      await provider.restore([spec], 'paused');
      expect(await state('m1')).toBe('paused');
      await provider.destroy('m1');
      expect(await provider.savepoints(['m1'])).toEqual([]);
    });

    it('takes a picture of the screen', async () => {
      await running('m1');
      const file = join(harness.directory, 'screen.png');
      await provider.screenshot('m1', file);
      const bytes = readFileSync(file);
      expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
      expect(bytes.subarray(-8, -4).toString()).toBe('IEND');
      const nowhere = join(harness.directory, 'no', 'such', 'screen.png');
      await expect(provider.screenshot('m1', nowhere)).rejects.toThrow(/screen/);
    });

    it('names a port that is taken', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      try {
        const spec = await define('m1', { sshPort: port });
        await provider.create(spec);
        await expect(provider.start(spec)).rejects.toMatchObject({
          code: 'PORT_TAKEN',
          machine: 'm1',
          message: expect.stringContaining(String(port)),
        });
        expect(await state('m1')).toBe('poweroff');
        await new Promise((resolve) => server.close(resolve));
        await provider.start(spec);
        expect(await state('m1')).toBe('running');
      } finally {
        server.close();
      }
    });

    it('refuses a machine that the memory does not hold', async () => {
      const spec = await define('m1');
      await provider.create(spec);
      const huge = { ...spec, memoryMiB: 64 * 1024 * 1024 };
      await expect(provider.start(huge)).rejects.toMatchObject({ code: 'NOT_ENOUGH_MEMORY', machine: 'm1' });
      await provider.start(spec);
    });

    it('completes what was interrupted', async () => {
      const spec = await define('m1');
      await expect(provider.create(spec, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
      expect(await state('m1')).toBe('not_created');
      await provider.create(spec);
      await expect(provider.start(spec, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
      // Wherever in a start the axe falls, the next one is a start like any other.
      for (const milliseconds of [1, 5, 10, 20, 40, 80]) {
        await provider.start(spec, { signal: AbortSignal.timeout(milliseconds) }).catch(() => {});
        await provider.powerOff('m1');
        expect(await state('m1')).toBe('poweroff');
      }
      await provider.start(spec);
      expect(await state('m1')).toBe('running');
    });

    it('never touches a machine that it did not create', async () => {
      const foreign = await harness.foreign('m1');
      try {
        expect(await state('m1')).toBe('not_created');
        await provider.powerOff('m1');
        await provider.destroy('m1');
        expect(foreign.runs()).toBe(true);
      } finally {
        await foreign.end();
      }
    });

    it('refuses names that lead out of its directory', async () => {
      const victim = join(harness.directory, 'victim');
      mkdirSync(victim, { recursive: true });
      for (const name of ['../victim', '../../victim', '', '.', 'a/b', 'a,b']) {
        await expect(provider.destroy(name)).rejects.toMatchObject({ code: 'BAD_MACHINE_NAME' });
      }
      expect(existsSync(victim)).toBe(true);
    });

    it('pulls and plugs the cable', async (context) => {
      if (!provider.capabilities.linkControl) return context.skip('no link control');
      await running('m1');
      await provider.link('m1', false);
      await provider.link('m1', false);
      await provider.link('m1', true);
      expect(await state('m1')).toBe('running');
    });

    it('shows the native lines of every verb', async () => {
      const spec = await define('m1');
      for (const verb of ['create', 'start', 'shutdown', 'powerOff', 'reset', 'destroy'] as const) {
        const lines = provider.native(verb, spec);
        expect(lines.length).toBeGreaterThan(0);
        expect(lines.every((line) => line !== '' && !line.includes('\n'))).toBe(true);
      }
    });
  });
}

/** Types on a console and resolves with as many bytes as were typed, `=` and `+` included. */
async function say(stream: Duplex, keys: string): Promise<string> {
  let heard = '';
  const listen = (chunk: Buffer) => {
    heard += chunk.toString('latin1');
  };
  stream.on('data', listen);
  stream.write(keys);
  await until(`an answer to ${keys}, heard ${heard}`, () => heard.length >= keys.length);
  stream.off('data', listen);
  return heard;
}

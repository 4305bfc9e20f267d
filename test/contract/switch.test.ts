import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createExec } from '../../src/engine/exec-process.js';
import { MAX_FRAME_BYTES } from '../../src/engine/network/framing.js';
import { readPcap } from '../../src/engine/network/pcap.js';
import { createSwitchClient, type SwitchClient } from '../../src/engine/network/switch-client.js';
import { frame, Peer, until } from './support/peer.js';
import { buildSwitch } from './support/switch-script.js';
import { TunnelPeer } from './support/tunnel-peer.js';

const A = '08:00:27:00:00:0a';
const B = '08:00:27:00:00:0b';
const C = '08:00:27:00:00:0c';
const ALL = 'ff:ff:ff:ff:ff:ff';
const exec = createExec({ emit: () => {} });

let built: string;
let script: string;
let directory: string;
let pcapFile: string;
let client: SwitchClient;
let peers: Peer[];

beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), 'lab-switch-'));
  script = await buildSwitch(built);
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-sw-'));
  pcapFile = join(directory, 'wire.pcap');
  client = createSwitchClient({ exec, script, runtimeDirectory: directory, pcapFile });
  peers = [];
});
afterEach(async () => {
  await client.stop();
  for (const peer of peers) await peer.close();
  rmSync(directory, { recursive: true, force: true });
});

const socketOf = (name: string) => join(directory, `${name}.sock`);

/** Peers on ports of their names, connected. */
async function plug<Names extends string[]>(...names: Names): Promise<{ [Index in keyof Names]: Peer }> {
  const plugged: Peer[] = [];
  for (const name of names) {
    const peer = await Peer.listen(socketOf(name));
    peers.push(peer);
    plugged.push(peer);
    await client.add({ name, path: socketOf(name) });
  }
  await switchConnected(...names);
  return plugged as { [Index in keyof Names]: Peer };
}

/** The switch says so: a peer sees the connection a moment earlier, and frames that come in between find no way. */
async function switchConnected(...names: string[]): Promise<void> {
  await until(`the switch is connected to ${names.join(', ')}`, async () => {
    const ports = (await client.statistics())?.ports ?? [];
    return names.every((name) => ports.find((port) => port.name === name)?.connected);
  });
}

const payloads = (peer: Peer) => peer.received.map((bytes) => bytes.subarray(14).toString());

describe('the switch', () => {
  it('floods what it does not know, learns, and then sends only to the right machine', async () => {
    const [a, b, c] = await plug('a', 'b', 'c');
    a.send(frame(B, A, 'unknown'));
    await until('flooded', () => payloads(c).includes('unknown') && payloads(b).includes('unknown'));
    b.send(frame(A, B, 'reply'), frame(ALL, B, 'broadcast'));
    await until('answered', () => payloads(a).includes('broadcast') && payloads(c).includes('broadcast'));
    a.send(frame(B, A, 'one'), frame(B, A, 'two'), frame(ALL, A, 'end'), frame(B, A, 'three'));
    await until('delivered', () => payloads(b).includes('three') && payloads(c).includes('end'));
    expect(payloads(a)).toEqual(['reply', 'broadcast']);
    expect(payloads(b)).toEqual(['unknown', 'one', 'two', 'end', 'three']);
    expect(payloads(c)).toEqual(['unknown', 'broadcast', 'end']);
    const statistics = await client.statistics();
    expect(statistics?.ports.find(({ name }) => name === 'a')).toMatchObject({
      connected: true,
      rxFrames: 5,
      txFrames: 2,
      txBytes: 14 * 2 + 'replybroadcast'.length,
      dropped: 0,
    });
  });

  it('carries thousands of frames of all sizes in order and records them', async () => {
    const [a, b] = await plug('a', 'b');
    b.send(frame(ALL, B, 'here'));
    await until('learned', () => a.received.length === 1);
    const sent = Array.from({ length: 3000 }, (_, i) => frame(B, A, Buffer.alloc(1 + ((i * 7919) % 1500), i)));
    for (let i = 0; i < sent.length; i += 100) a.send(...sent.slice(i, i + 100));
    await until('all arrived', () => b.received.length === sent.length);
    expect(Buffer.concat(b.received).equals(Buffer.concat(sent))).toBe(true);
    await client.flush();
    const recorded = readPcap(readFileSync(pcapFile));
    expect(recorded.map(({ length }) => length)).toEqual([18, ...sent.map(({ length }) => length)]);
    expect(recorded[1]?.frame.equals(sent[0] as Buffer)).toBe(true);
  });

  it('writes a capture that other tools read', async (context) => {
    const tcpdump = await exec.which('tcpdump');
    if (tcpdump === undefined) return context.skip('tcpdump is not installed');
    const [a, b] = await plug('a', 'b');
    a.send(frame(B, A, 'x'.repeat(50)));
    await until('arrived', () => b.received.length === 1);
    await client.flush();
    const text = execFileSync(tcpdump, ['-e', '-n', '-r', pcapFile], { encoding: 'utf8', stdio: 'pipe' });
    expect(text).toContain(`${A} > ${B}`);
    expect(text).toContain('length 64');
  });

  it('is back after kill -9: machines stay, the capture goes on', async () => {
    const [a, b] = await plug('a', 'b');
    a.send(frame(B, A, 'before'));
    await until('arrived', () => b.received.length === 1);
    await client.flush();
    const { pid } = await client.ensureRunning();
    process.kill(pid, 'SIGKILL');
    await until('noticed', () => !a.connected && !b.connected);
    expect(await client.statistics()).toBeUndefined();
    const again = await client.ensureRunning();
    expect(again).toMatchObject({ started: true });
    expect(again.pid).not.toBe(pid);
    await switchConnected('a', 'b');
    b.send(frame(A, B, 'after'));
    await until('arrived again', () => payloads(a).includes('after'));
    await client.flush();
    expect(readPcap(readFileSync(pcapFile)).map((record) => record.frame.subarray(14).toString())).toEqual([
      'before',
      'after',
    ]);
  });

  it('replaces a switch that hangs', async () => {
    const [a] = await plug('a');
    const { pid } = await client.ensureRunning();
    process.kill(pid, 'SIGSTOP');
    const again = await client.ensureRunning();
    expect(again.pid).not.toBe(pid);
    await until('dialled again', () => a.connections === 2);
  });

  it('dials a machine again that went away, and one that was not there yet', async () => {
    const [a] = await plug('a');
    await client.add({ name: 'late', path: socketOf('late') });
    await a.close();
    const back = await Peer.listen(socketOf('a'));
    const late = await Peer.listen(socketOf('late'));
    peers = [back, late];
    await until('both connected', () => back.connected && late.connected);
    await switchConnected('a', 'late');
    late.send(frame(ALL, C, 'hello'));
    await until('delivered', () => payloads(back).includes('hello'));
  });

  it('drops a stream that is out of step, redials, and carries on with the others', async () => {
    const [a, b, c] = await plug('a', 'b', 'c');
    const bad = Buffer.alloc(4);
    bad.writeUInt32BE(MAX_FRAME_BYTES + 1);
    a.send(frame(ALL, A, 'good'));
    a.raw(bad);
    await until('redialled', () => a.connections === 2 && a.connected);
    await switchConnected('a', 'b', 'c');
    b.raw(Buffer.from([0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]));
    b.send(frame(ALL, B, 'after short ones'));
    a.send(frame(ALL, A, 'again'));
    await until('delivered', () => payloads(c).length === 3);
    expect(payloads(c).toSorted()).toEqual(['after short ones', 'again', 'good']);
    const ports = (await client.statistics())?.ports.map(({ name, malformed, connects }) => [
      name,
      malformed,
      connects,
    ]);
    expect(ports).toEqual([
      ['a', 1, 2],
      ['b', 2, 1],
      ['c', 0, 1],
    ]);
  });

  it('cuts and mends a link', async () => {
    const [a, b, c] = await plug('a', 'b', 'c');
    await client.link('b', false);
    a.send(frame(ALL, A, 'one'));
    b.send(frame(ALL, B, 'nobody hears'));
    await until('delivered to c', () => payloads(c).includes('one'));
    await client.link('b', true);
    a.send(frame(ALL, A, 'two'));
    await until('delivered to b', () => payloads(b).includes('two'));
    expect(payloads(b)).toEqual(['two']);
    expect(payloads(a)).toEqual([]);
    await expect(client.link('nobody', true)).rejects.toMatchObject({ code: 'SWITCH_FAILED' });
  });

  it('carries frames of tunnels to sockets and back, and takes none from anybody else', async () => {
    const [a] = await plug('a');
    const vbox = await TunnelPeer.listen(directory);
    try {
      await client.add(vbox.port('vbox'));
      await switchConnected('a', 'vbox');
      vbox.send(frame(ALL, B, 'from a tunnel'));
      await until('arrived', () => payloads(a).includes('from a tunnel'));
      a.send(frame(B, A, 'one'), frame(B, A, 'two'));
      await until('arrived in the tunnel', () => vbox.received.length === 2);
      expect(vbox.received.map((bytes) => bytes.subarray(14).toString())).toEqual(['one', 'two']);
      // Another program on this computer, from another port.
      const stranger = createSocket('udp4');
      await new Promise<void>((resolve) =>
        stranger.send(frame(ALL, C, 'strange'), vbox.switchPort, '127.0.0.1', () => resolve()),
      );
      stranger.close();
      vbox.send(frame(ALL, B, 'end'));
      await until('the end', () => payloads(a).includes('end'));
      expect(payloads(a)).not.toContain('strange');
      await client.flush();
      expect(readPcap(readFileSync(pcapFile)).map((record) => record.frame.subarray(14).toString())).toEqual([
        'from a tunnel',
        'one',
        'two',
        'end',
      ]);
    } finally {
      await vbox.close();
    }
  });

  it('logs the serial port of a tunnel’s machine, lets others in, and sends them away when it ends', async () => {
    const vbox = await TunnelPeer.listen(directory);
    try {
      await client.add(vbox.port('vbox'));
      await switchConnected('vbox');
      vbox.print('first words\n');
      const log = join(directory, 'vbox.log');
      await until('logged', () => existsSync(log) && readFileSync(log, 'utf8') === 'first words\n');
      const terminal = connect({ path: join(directory, 'vbox.ser') });
      const heard: string[] = [];
      terminal.on('data', (chunk) => heard.push(String(chunk)));
      terminal.write('typed');
      await until('typed', () => vbox.typed === 'typed');
      vbox.print('answer');
      await until('heard', () => heard.join('') === 'answer');
      const away = new Promise((resolve) => terminal.once('close', resolve));
      await vbox.close();
      await away;
      await until('noticed', async () => (await client.statistics())?.ports[0]?.connected === false);
      expect(readFileSync(log, 'utf8')).toBe('first words\nanswer');
    } finally {
      await vbox.close();
    }
  });

  it('lets a machine that does not read stop nobody else', async () => {
    const [a, b, c] = await plug('a', 'b', 'c');
    b.send(frame(ALL, B, 'b'));
    await until('learned', () => payloads(c).length === 1 && payloads(a).length === 1);
    b.reading(false);
    const big = frame(B, A, Buffer.alloc(1500));
    for (let i = 0; i < 60; i += 1) a.send(...Array.from({ length: 100 }, () => big));
    a.send(frame(ALL, A, 'still here'));
    await until('c hears a', () => payloads(c).includes('still here'));
    expect((await client.statistics())?.ports.find(({ name }) => name === 'b')?.dropped).toBeGreaterThan(0);
    b.reading(true);
    await until('b catches up', async () => {
      a.send(frame(B, A, 'and b'));
      return payloads(b).includes('and b');
    });
  });

  it('runs once per lab, however many start it', async () => {
    const clients = Array.from({ length: 4 }, () =>
      createSwitchClient({ exec, script, runtimeDirectory: directory, pcapFile }),
    );
    await Promise.all(clients.map((each) => each.ensureRunning()));
    const pids = await Promise.all(clients.map(async (each) => (await each.ensureRunning()).pid));
    expect(new Set(pids).size).toBe(1);
    const second = await exec.run(process.execPath, [script, '--runtime', directory, '--pcap', pcapFile]);
    expect(second.exitCode).toBe(0);
    await until('one process is left', () => switchProcesses(directory).length === 1);
    expect(switchProcesses(directory)).toEqual([pids[0]]);
  });

  it('ends itself when no machine is connected any more, and forgets removed ports', async () => {
    client = createSwitchClient({ exec, script, runtimeDirectory: directory, pcapFile, linger: 500 });
    const [a, b] = await plug('a', 'b');
    await client.remove('b');
    await until('unplugged', () => !b.connected);
    await a.close();
    await until('ended', () => switchProcesses(directory).length === 0);
    peers = [b, await Peer.listen(socketOf('a'))];
    await client.ensureRunning();
    expect((await client.statistics())?.ports.map(({ name }) => name)).toEqual(['a']);
    process.kill((await client.ensureRunning()).pid, 'SIGKILL');
    await client.remove('a');
    await client.ensureRunning();
    expect((await client.statistics())?.ports).toEqual([]);
  });

  it('survives nonsense on its control socket and in its files', async () => {
    writeFileSync(join(directory, 'switch-ports.json'), '{"not": [');
    writeFileSync(join(directory, 'switch.pid'), `${process.pid}\n`);
    writeFileSync(pcapFile, 'no capture');
    const { pid } = await client.ensureRunning();
    const socket = connect({ path: join(directory, 'switch.sock') });
    const lines: string[] = [];
    socket.on('error', () => {});
    socket.on('data', (chunk) => lines.push(...String(chunk).trimEnd().split('\n')));
    socket.write('garbage\n{"command":"dance"}\n{"command":"add"}\nnull\n{"command":"ping"}\n');
    await until('five answers', () => lines.length === 5);
    expect(lines.map((line) => JSON.parse(line).ok)).toEqual([false, false, false, false, true]);
    socket.write('x'.repeat(100_000));
    await until('thrown out', () => socket.destroyed);
    expect(await client.ensureRunning()).toEqual({ pid, started: false });
  });
});

function switchProcesses(runtimeDirectory: string): number[] {
  const text = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  return text
    .split('\n')
    .filter((line) => line.includes(`--runtime ${runtimeDirectory} `))
    .map((line) => Number.parseInt(line, 10));
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExec } from '../../../src/engine/exec-process.js';
import { isTelling } from '../../../src/engine/network/is-telling.js';
import { pcapHeader, putRecordHeader, RECORD_HEADER_BYTES, readPcap } from '../../../src/engine/network/pcap.js';
import { createSwitchClient, type SwitchClient } from '../../../src/engine/network/switch-client.js';
import { until } from './peer.js';
import { Station } from './station.js';
import { buildSwitch } from './switch-script.js';
import { NODE, PROVISIONER, plug } from './wire-scene.js';

const ENGINE = join(import.meta.dirname, '../../../provision/update-engine');
const SERVER = join(import.meta.dirname, '../../../provision/update/server');

/** Starts a program in a station, and notes how it ended. */
const runs = (command: string, args: readonly string[], options: object) => `
import { spawn } from 'node:child_process';
import { openSync, writeFileSync } from 'node:fs';
const out = openSync(process.argv[2] + '/ran.log', 'a');
const options = ${JSON.stringify(options)};
const env = { ...process.env, ...options.env };
spawn(${JSON.stringify(command)}, ${JSON.stringify(args)}, { ...options, env, stdio: ['ignore', out, out] })
  .on('exit', (code) => writeFileSync(process.argv[2] + '/ended-' + options.name, String(code)));
`;

/**
 * The real update server and the real update engine, by the engine's own test: updates, machines that have to wait, a spoiled payload, a
 * rollback. They talk through the lab's switch, which records them. Resolves with the capture; needs Go and cgpt.
 */
export async function recordUpdates(directory: string): Promise<string> {
  const file = (name: string) => join(directory, name);
  const build = { env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' } };
  execFileSync('go', ['build', '-o', file('server'), '.'], { cwd: SERVER, ...build });
  execFileSync('go', ['test', '-c', '-o', file('engine'), './engine'], { cwd: ENGINE, ...build });
  mkdirSync(file('home'));
  const address = `${PROVISIONER.ip}:8000`;
  const server = runs(file('server'), ['-listen', address, '-home', file('home')], { name: 'server' });
  const engine = runs(file('engine'), ['-test.run', 'TestUpdateServer', '-test.v'], {
    name: 'engine',
    cwd: join(ENGINE, 'engine'),
    env: { NEBRASKA: `http://${address}`, NEBRASKA_HOME: file('home') },
  });
  const pcapFile = file('wire.pcap');
  const stations: Station[] = [];
  let client: SwitchClient | undefined;
  try {
    stations.push(await Station.start({ directory, name: 'provisioner', ...PROVISIONER, program: server }));
    stations.push(await Station.start({ directory, name: 'node', mac: NODE.mac, ip: '192.168.2.21', program: engine }));
    const exec = createExec({ emit: () => {} });
    client = createSwitchClient({ exec, script: await buildSwitch(directory), runtimeDirectory: directory, pcapFile });
    for (const station of stations) await plug(client, station);
    await until('the updates are over', () => existsSync(file('ended-engine')), 120_000);
    await client.flush();
    if (readFileSync(file('ended-engine'), 'utf8') !== '0') throw new Error(readFileSync(file('ran.log'), 'utf8'));
    return pcapFile;
  } finally {
    await client?.stop();
    for (const station of stations) await station.stop();
  }
}

/** The same capture, small enough to be kept: of frames that only carry a file, one in fifty, and of that its beginning. */
export function thinned(capture: Buffer): Buffer {
  const SNAP = 96;
  const parts = [pcapHeader()];
  let bulk = 0;
  for (const { frame, length, time } of readPcap(capture)) {
    const carries = length > 1000 && !isTelling(frame, 0, frame.length);
    const acknowledges = length === 66;
    if ((carries || acknowledges) && bulk++ % 50 !== 0) continue;
    const stored = carries ? frame.subarray(0, SNAP) : frame;
    const header = Buffer.alloc(RECORD_HEADER_BYTES);
    putRecordHeader(header, 0, time, stored.length, length);
    parts.push(header, stored);
  }
  return Buffer.concat(parts);
}

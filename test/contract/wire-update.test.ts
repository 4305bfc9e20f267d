import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLabConfig } from '../../src/engine/config/defaults.js';
import { readPcap } from '../../src/engine/network/pcap.js';
import type { HttpExchange } from '../../src/engine/wire/happening.js';
import { Names, wireMachines } from '../../src/engine/wire/names.js';
import { Tracker } from '../../src/engine/wire/tracker.js';
import { lineText } from '../../src/engine/wire/wire-line.js';
import { WireLog } from '../../src/engine/wire/wire-log.js';
import { recordUpdates, thinned } from './support/update-scene.js';

const FIXTURE = new URL('../fixtures/wire/update.pcap', import.meta.url).pathname;
const go = spawnSync('go', ['version']).status === 0;
if (!go) console.log('Updates on the wire: only what was recorded earlier, since there is no Go');

let directory: string;
let fresh = '';
// With RECORD_WIRE=1, what was just recorded becomes the fixture.
beforeAll(async () => {
  directory = mkdtempSync('/tmp/upd-');
  if (!go) return;
  fresh = await recordUpdates(directory);
  if (process.env.RECORD_WIRE !== undefined) writeFileSync(FIXTURE, thinned(readFileSync(fresh)));
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Requests as tshark sees them. */
function tshark(file: string): string[] {
  const fields = ['http.request.method', 'http.host', 'http.request.uri'];
  const args = ['-r', file, '-Y', 'http.request', '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  // It knows port 8000 as another protocol's.
  const text = execFileSync('tshark', [...args, '-d', 'tcp.port==8000,http'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text.split('\n').slice(0, -1);
}

function understand(file: string) {
  const names = new Names(wireMachines(defaultLabConfig()));
  const log = new WireLog(names);
  const exchanges = new Set<HttpExchange>();
  const tracker = new Tracker(names, (happening) => {
    log.take(happening);
    if (happening.kind === 'http') exchanges.add(happening.exchange);
  });
  let offset = 24;
  for (const { frame, length, time } of readPcap(readFileSync(file))) {
    tracker.take(frame, { file: 1, offset: offset + 16, stored: frame.length, length, time });
    offset += 16 + frame.length;
  }
  return { exchanges: [...exchanges], lines: log.lines.map(lineText) };
}

const captures: [string, () => string][] = [
  ...(go ? [['updates that were just recorded', () => fresh] as [string, () => string]] : []),
  ['the recorded updates', () => FIXTURE],
];

describe.each(captures)('%s', (_name, file) => {
  test('tshark sees the same requests', () => {
    const { exchanges } = understand(file());
    const ours = exchanges.map(({ method, host, target }) => `${method}\t${host}\t${target}`);
    expect(ours).toEqual(tshark(file()));
    expect(ours.filter((each) => each.startsWith('POST\t192.168.2.2:8000\t/v1/update/')).length).toBeGreaterThan(20);
  });

  test('every request of an engine is understood, and every answer', () => {
    const { exchanges } = understand(file());
    const talks = exchanges.filter(({ target }) => target === '/v1/update/');
    for (const { omaha } of talks) {
      expect(omaha?.request?.version).toMatch(/^1\.[01]\.0$/);
      expect(omaha?.answer?.server).toBe('update-server-lab');
    }
  });

  test('the whole story is told', () => {
    const { lines } = understand(file());
    const told = lines.filter((line) => line.includes('Omaha')).join('\n');
    for (const part of [
      'asks for an update: has 1.0.0, group lab',
      'is offered 1.1.0 (2.0 MiB)',
      'tells: download started',
      'fetches 1.1.0: 2.0 MiB',
      'tells: download finished',
      'tells: update complete, reboot next',
      'tells: installed after reboot from 1.0.0; asks for an update: has 1.1.0, group lab',
      'no update',
      'has to wait: others were let in already',
      'has to wait: the rollout is paused',
      'tells: error 10, the payload is not the one that was promised: hash',
      'tells: error 44, rolled back: the new version did not come up; asks for an update',
      'gets no update: the server finds no package for its group',
    ])
      expect(told).toContain(part);
  });
});

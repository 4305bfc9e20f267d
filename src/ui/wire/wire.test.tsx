import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FixtureWire, fixtureWire } from '../testing/fixture-wire.js';
import { key, TestScreen } from '../testing/screen.js';
import { width } from '../theme/text.js';

const sizes = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 36 },
  { columns: 200, rows: 60 },
];

let directory: string;
let wire: FixtureWire;
let screen: TestScreen;
beforeAll(() => {
  process.env.TZ = 'UTC';
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wire-ui-'));
  wire = fixtureWire();
});
afterEach(async () => {
  await screen.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Lesson 1, with the wire pane in front. */
async function open(size = sizes[1] as (typeof sizes)[number]): Promise<void> {
  screen = new TestScreen({ wire, directory }, size);
  await screen.until('hardware acceleration');
  await screen.press(key.enter, '4');
}

describe.each(sizes)('$columns×$rows', (size) => {
  const golden = async (name: string) => {
    const frame = await screen.frame();
    for (const line of frame.split('\n')) expect(width(line)).toBeLessThanOrEqual(size.columns);
    await expect(`${frame}\n`).toMatchFileSnapshot(`../testing/golden/${name}-${size.columns}x${size.rows}.txt`);
  };

  test('the wire, the bytes of a line, and a machine as a sequence', async () => {
    await open(size);
    await golden('wire');
    await screen.press(key.up, key.up, 'x');
    await screen.until('TTL');
    await golden('wire-frame');
    await screen.press(key.esc, 'v', 'm');
    await screen.until('sequence');
    await golden('wire-sequence');
  });
});

describe('the wire pane', () => {
  test('follows, pauses at a chosen line, and follows again below the last one', async () => {
    wire = fixtureWire('boot.pcap', 30);
    await open();
    expect(await screen.frame()).toMatch(/Wire 192\.168\.2\.0\/24 ─+ following/);
    await screen.press(key.up, key.up);
    await screen.until('paused');
    wire.play(1000);
    await screen.advance(400);
    expect(await screen.frame()).not.toContain('Ignition for serial');
    for (let presses = 0; presses < 40; presses++) await screen.press(key.down);
    await screen.until('following');
    await screen.until('Ignition for serial 0800278e158a-0 200');
  });

  test('shows what comes by itself, also without the focus', async () => {
    wire = fixtureWire('boot.pcap', 10);
    await open();
    await screen.press('1');
    wire.play(1000);
    await screen.advance(400);
    await screen.until('Ignition for serial');
  });

  test('filters by machine and protocol', async () => {
    await open();
    await screen.press('p', 'p');
    const dhcp = await screen.until(/▸ Wire DHCP/);
    expect(dhcp).toContain('core-01 → DHCP discover');
    expect(dhcp).not.toContain('HTTP GET');
    await screen.press('m');
    expect(await screen.frame()).toContain('▸ Wire core-provisioner, DHCP');
    await screen.press('m', 'm');
    await screen.until('Nothing of that was on the wire.');
  });

  test('tells updates in words', async () => {
    wire = fixtureWire('update.pcap');
    await open();
    await screen.press(...Array(7).fill('p'));
    const frame = await screen.until(/▸ Wire Omaha/);
    expect(frame).toContain('core-01 → Omaha tells: update complete');
    expect(frame).toContain('core-01 → Omaha fetches 1.1.0: 2.0 MiB');
    expect(frame).toContain('core-01 ← ! Omaha gets no update: ');
    expect(frame).not.toContain('HTTP');
    await screen.press(key.up, key.up, 'x');
    await screen.until(/update +error-internal: gets no update: the server finds no package/);
  });

  test('searches as every log does, and saves as text and as a capture of what passes the filter', async () => {
    await open();
    await screen.press('/', 'v', 'm', 'l', 'i', 'n', key.enter);
    await screen.until('1 of 1 lines');
    await screen.press(key.esc, '\u0013');
    const saved = /Saved: (\S+\.log)/.exec(await screen.until('Saved: '))?.[1];
    expect(saved).toBeDefined();
    await screen.press('p', 'p', 'P');
    await screen.until('Saved 15 frames for Wireshark');
    expect(wire.exported).toEqual(['{"machines":[],"protocols":["dhcp"],"text":""}']);
    const text = readFileSync(join(directory, 'saved', 'wire-2026-01-02T14-03-11.log'), 'utf8');
    expect(text).toContain('core-01 → HTTP GET /images/vmlinuz 200 5.9 KiB');
  });

  test('shows the other frames of a line', async () => {
    await open();
    await screen.press(key.up, key.up, 'x');
    await screen.until('frame 1 of 3 kept');
    await screen.press('\u001B[C');
    const second = await screen.until('frame 2 of 3 kept');
    expect(second).toMatch(/HTTP +200 OK/);
    await screen.press('\u001B[D', '\u001B[D');
    await screen.until('frame 3 of 3 kept');
    await screen.press('x');
    await screen.until('▸ Wire');
  });

  test('keeps its keys from meaning anything else', async () => {
    await open();
    await screen.press('v', 'P', 'p');
    expect(screen.workshop.calls).toEqual([]);
    expect(await screen.frame()).toContain('▸ Wire core-provisioner, boot, sequence');
  });
});

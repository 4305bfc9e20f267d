import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultLabConfig } from '../engine/config/defaults.js';
import { readPcap } from '../engine/network/pcap.js';
import { readCaptureFile } from '../engine/wire/capture-file.js';
import { Names, wireMachines } from '../engine/wire/names.js';
import type { FrameRef } from '../engine/wire/pcap-parser.js';
import { fixture, recorded } from '../engine/wire/test-support.js';
import { createProgram } from './program.js';
import { WirePrinter } from './wire-printer.js';

let directory: string;
let output: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wire-cli-'));
  for (const name of ['STATE', 'CACHE']) vi.stubEnv(`XDG_${name}_HOME`, join(directory, name));
  vi.stubEnv('XDG_RUNTIME_DIR', join(directory, 'run'));
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

/** Lines that the command prints. */
async function wire(...args: string[]): Promise<string[]> {
  output = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    output += chunk;
    return true;
  });
  try {
    await createProgram().parseAsync(['node', 'coreos-lab', 'wire', ...args]);
  } finally {
    vi.restoreAllMocks();
  }
  return output.split('\n').slice(0, -1);
}

const boot = ['--read', fixture('boot.pcap')];

describe('wire', () => {
  test('prints what was recorded in the lab, the older file first', async () => {
    const labDirectory = join(directory, 'STATE', 'coreos-lab', 'labs', 'default');
    mkdirSync(labDirectory, { recursive: true });
    copyFileSync(fixture('rogue-dhcp.pcap'), join(labDirectory, 'wire.pcap'));
    copyFileSync(fixture('boot.pcap'), join(labDirectory, 'wire.pcap.1'));
    const lines = await wire();
    expect(lines.findIndex((line) => line.includes('rogue?'))).toBeGreaterThan(20);
    expect(lines[3]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {3}core-01 → all {2}DHCP discover, PXE x86 BIOS, iPXE ×2$/);
  });

  test('chooses by machine, protocol and text', async () => {
    const told = await wire(...boot, '--protocol', 'dns,ignition');
    expect(told.map((line) => line.slice(15))).toEqual([
      'core-01 → core-provisioner  DNS A boot.lab: 192.168.2.2',
      'core-01 → core-provisioner  Ignition for serial 0800278e158a-0 200 32 B',
    ]);
    expect(await wire(...boot, '-p', 'http', '--filter', 'VMLINUZ')).toHaveLength(1);
    expect(await wire(...boot, '-m', 'core-02')).toEqual([]);
  });

  test('tells a machine by itself, as a sequence', async () => {
    const lines = await wire(...boot, '--sequence', '--machine', 'core-01', '--protocol', 'dhcp');
    expect(lines[0]).toBe('core-01');
    expect(lines[1]).toMatch(/^[\d:.]{12} {11}│→ all {16}DHCP discover/);
    expect(lines[2]).toMatch(/^[\d:.]{12} {4}\+0\.002 │← core-provisioner {3}DHCP offer 192\.168\.2\.15/);
  });

  test('shows bytes with what they mean', async () => {
    const lines = await wire(...boot, '--hex', '-p', 'ignition');
    expect(lines.join('\n')).toContain(
      'HTTP      GET /ignition?uuid=11111111-2222-3333-4444-0800278e158a&serial=0800278e158a-0',
    );
    expect(lines.find((line) => line.startsWith('    0000  '))).toMatch(
      /^ {4}0000 {2}08 00 27 8e 15 01 08 00 {2}27 8e 15 8a 08 00 45 00 {2}\.\.'/,
    );
    expect((await wire(...boot, '--hex', '-p', 'dhcp')).join('\n')).toContain(
      'vendor class  PXEClient:Arch:00000:UNDI:002001',
    );
  });

  test('prints one object a line', async () => {
    const objects = (await wire(...boot, '--json', '-p', 'tftp')).map((line) => JSON.parse(line));
    expect(objects).toHaveLength(2);
    expect(objects[0]).toMatchObject({
      protocol: 'tftp',
      from: 'core-01',
      text: 'read greeting.txt 5.9 KiB',
      frames: 13,
      settled: true,
    });
    expect(new Date(objects[0].time).getFullYear()).toBe(2026);
  });

  test('goes on printing: what still changes is told again when it is done', async () => {
    const printed: string[] = [];
    const names = new Names(wireMachines(defaultLabConfig()));
    const out = { write: (text: string) => printed.push(text.slice(15).trimEnd()) };
    const filter = { machines: [], protocols: ['http' as const], text: 'initrd' };
    const printer = new WirePrinter(out, { filter, names, file: fixture('boot.pcap') });
    let count = 0;
    const frames: [Buffer, FrameRef][] = [];
    await readCaptureFile(fixture('boot.pcap'), (frame, ref) => frames.push([Buffer.from(frame), ref]));
    for (const [frame, ref] of frames) {
      printer.take(frame, ref);
      await printer.tell(count++ * 400);
    }
    await printer.end();
    expect(printed[0]).toBe('core-01 → core-provisioner  HTTP GET /images/initrd.cpio.gz');
    expect(printed.at(-1)).toBe('core-01 → core-provisioner  HTTP GET /images/initrd.cpio.gz 200 20 KiB');
    expect(printed.length).toBeLessThanOrEqual(4);
  });

  test('exports what passes the filters, and never over another file', async () => {
    const file = join(directory, 'out.pcap');
    await wire(...boot, '--protocol', 'tftp', '--pcap', file);
    expect(output).toBe(`15 frames are in ${file}.\n`);
    const exported = readPcap(readFileSync(file));
    const all = recorded('boot.pcap');
    expect(exported).toHaveLength(15);
    for (const { frame, time } of exported)
      expect(all.some((other) => other.time === time && other.frame.equals(frame))).toBe(true);
    await expect(wire(...boot, '--pcap', file)).rejects.toMatchObject({ code: 'FILE_EXISTS', exitCode: 2 });
    expect(readPcap(readFileSync(file))).toHaveLength(15);
    const whole = join(directory, 'whole.pcap');
    await wire(...boot, '--pcap', whole);
    expect(readFileSync(whole).equals(readFileSync(fixture('boot.pcap')))).toBe(true);
    const none = join(directory, 'none.pcap');
    await expect(wire(...boot, '-m', 'core-03', '--pcap', none)).rejects.toMatchObject({ code: 'NOTHING_MATCHES' });
    expect(existsSync(none)).toBe(false);
    await expect(wire(...boot, '--pcap', join(directory, 'no', 'x.pcap'))).rejects.toMatchObject({
      code: 'CAPTURE_UNWRITABLE',
    });
  });
});

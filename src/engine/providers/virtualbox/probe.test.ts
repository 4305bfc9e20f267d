import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSecureBoot, type VirtualBoxHost } from './host.js';
import { usualPlaces } from './locate.js';
import { probeVirtualBox } from './probe.js';
import { HOST, type PlannedRun, recordedExec, recording } from './test-support.js';
import { createVBoxManage } from './vboxmanage.js';

const EXTPACKS: PlannedRun = { args: 'list extpacks', answer: 'list-extpacks' };

async function probe(
  host: Partial<VirtualBoxHost>,
  calls: PlannedRun[] = [{ args: '--version', answer: 'version-wrapper' }],
) {
  const exec = recordedExec(calls);
  const { report } = await probeVirtualBox(createVBoxManage({ exec, labDirectory: '/lab' }), { ...HOST, ...host });
  exec.verify();
  return report;
}

const version = (text: string): PlannedRun => ({ args: '--version', answer: { stdout: `${text}r1\n` } });

describe('the probe', () => {
  it('finds a VirtualBox that can run machines', async () => {
    expect(await probe({}, [{ args: '--version', answer: 'version-wrapper' }, EXTPACKS])).toEqual({
      usable: true,
      version: '7.2.22',
      accelerator: 'VT-x or AMD-V',
      slowness: 1,
      detail: 'VBoxManage, extension pack VNC',
      problems: [],
    });
  });

  it.each<[string, Partial<VirtualBoxHost>, string, RegExp]>([
    ['no driver', { driver: async () => 'missing' }, 'VIRTUALBOX_DRIVER', /modprobe vboxdrv/],
    [
      'Secure Boot',
      { driver: async () => 'missing', secureBoot: async () => true },
      'VIRTUALBOX_SECURE_BOOT',
      /Enroll MOK/,
    ],
    ['VT-x off', { virtualization: async () => false }, 'VIRTUALIZATION_OFF', /firmware/],
    ['Hyper-V', { platform: 'win32', virtualization: async () => false }, 'VIRTUALBOX_HYPERV', /bcdedit/],
    ['Apple Silicon', { platform: 'darwin', arch: 'arm64' }, 'VIRTUALBOX_APPLE_SILICON', /QEMU/],
  ])('says what is in the way: %s', async (_title, host, code, remedy) => {
    const report = await probe(host);
    expect(report).toMatchObject({ usable: false, version: '7.2.22', problems: [{ code }] });
    expect(report.problems[0]?.remedy.join('\n')).toMatch(remedy);
  });

  it('refuses one that is too old, and takes a newer one with a note', async () => {
    expect((await probe({}, [version('6.0.24')])).problems[0]?.code).toBe('VIRTUALBOX_TOO_OLD');
    const report = await probe({}, [version('8.1.0'), EXTPACKS]);
    expect(report).toMatchObject({ usable: true, problems: [{ code: 'VIRTUALBOX_NEW' }] });
    for (const known of ['6.1.50', '7.0.20', '7.1.4', '7.2.0']) {
      expect((await probe({}, [version(known), EXTPACKS])).problems).toEqual([]);
    }
  });

  it('names an extension pack of another version', async () => {
    const stdout = recording('list-extpacks')
      .stdout.replace(/Usable: +true/, 'Usable:         false')
      .replace('Why unusable:   ', 'Why unusable:   made for 7.0');
    const report = await probe({}, [version('7.2.22'), { args: 'list extpacks', answer: { stdout } }]);
    expect(report.usable).toBe(true);
    expect(report.problems[0]?.message).toBe('VirtualBox cannot use its extension pack VNC: made for 7.0.');
  });

  it('says that VirtualBox is missing or broken', async () => {
    const exec = { ...recordedExec([]), which: async () => undefined };
    const { report } = await probeVirtualBox(createVBoxManage({ exec, labDirectory: '/lab' }), HOST);
    expect(report.problems[0]?.code).toBe('VIRTUALBOX_MISSING');
    const broken = await probe({}, [
      { args: '--version', answer: { exitCode: 1, stderr: 'Failed to create VBoxSVC\n' } },
    ]);
    expect(broken.problems[0]?.message).toContain('Failed to create VBoxSVC');
  });
});

describe('the host', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lab-efi-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('reads Secure Boot from the firmware’s variable', async () => {
    expect(await isSecureBoot(join(directory, 'none'))).toBe(false);
    const file = join(directory, 'SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c');
    writeFileSync(file, Buffer.from([6, 0, 0, 0, 1]));
    expect(await isSecureBoot(directory)).toBe(true);
    writeFileSync(file, Buffer.from([6, 0, 0, 0, 0]));
    expect(await isSecureBoot(directory)).toBe(false);
  });

  it('knows where VirtualBox is on each system', () => {
    expect(usualPlaces('darwin', {})).toContain('/Applications/VirtualBox.app/Contents/MacOS/VBoxManage');
    expect(usualPlaces('win32', { VBOX_MSI_INSTALL_PATH: 'D:\\VBox\\', ProgramFiles: 'C:\\Program Files' })).toEqual([
      'D:\\VBox\\VBoxManage.exe',
      'C:\\Program Files\\Oracle\\VirtualBox\\VBoxManage.exe',
    ]);
    expect(usualPlaces('linux', {})).toContain('/usr/bin/VBoxManage');
  });
});

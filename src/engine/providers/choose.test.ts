import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ChooseOptions, chooseProvider } from './choose.js';
import type { ProviderReport } from './provider.js';

let labDirectory: string;
beforeEach(() => {
  labDirectory = mkdtempSync(join(tmpdir(), 'lab-choose-'));
});
afterEach(() => rmSync(labDirectory, { recursive: true, force: true }));

const usable: ProviderReport = { usable: true, version: '7.2.22', slowness: 1, problems: [] };
const unusable = (code: string): ProviderReport => ({
  usable: false,
  slowness: 1,
  problems: [{ code, message: 'It cannot.', remedy: ['Let it.'] }],
});

function choose(options: Partial<ChooseOptions>) {
  const probe = () => Promise.reject(new Error('nobody needs to know'));
  return chooseProvider({ declared: 'auto', asked: undefined, labDirectory, probe, ...options });
}

function machine(name: string, ...files: string[]): void {
  mkdirSync(join(labDirectory, 'machines', name), { recursive: true });
  for (const file of files) writeFileSync(join(labDirectory, 'machines', name, file), '{}');
}

it('takes VirtualBox where it can run machines, else QEMU, and says why', async () => {
  expect(await choose({ probe: async () => usable })).toEqual({
    name: 'virtualbox',
    why: 'it is here and can run machines',
  });
  expect(await choose({ probe: async () => unusable('VIRTUALBOX_MISSING') })).toEqual({
    name: 'qemu',
    why: 'VirtualBox is not installed',
  });
  expect(await choose({ probe: async () => unusable('VIRTUALBOX_DRIVER') })).toEqual({
    name: 'qemu',
    why: 'VirtualBox cannot run machines here',
    rejected: { code: 'VIRTUALBOX_DRIVER', message: 'It cannot.', remedy: ['Let it.'] },
  });
});

it('takes what lab.yaml says, and rather what --provider says', async () => {
  expect(await choose({ declared: 'virtualbox' })).toEqual({ name: 'virtualbox', why: 'lab.yaml says so' });
  expect(await choose({ declared: 'virtualbox', asked: 'qemu' })).toEqual({ name: 'qemu', why: '--provider says so' });
  expect((await choose({ declared: 'qemu', asked: 'auto', probe: async () => usable })).name).toBe('virtualbox');
});

it('keeps the provider that the machines were made with', async () => {
  machine('core-01', 'virtualbox.json', 'spec.json');
  expect(await choose({})).toEqual({ name: 'virtualbox', why: "the lab's machines were made with it" });
  await expect(choose({ asked: 'qemu' })).rejects.toMatchObject({
    code: 'PROVIDER_KEPT',
    message: "The lab's machines were made with VirtualBox, and --provider asks for QEMU.",
    exitCode: 2,
  });
  rmSync(join(labDirectory, 'machines'), { recursive: true });
  machine('core-01', 'spec.json');
  expect((await choose({})).name).toBe('qemu');
  await expect(choose({ declared: 'virtualbox' })).rejects.toMatchObject({
    message: "The lab's machines were made with QEMU, and lab.yaml asks for VirtualBox.",
  });
});

it('is free again when no machine is left, whatever folders are', async () => {
  machine('core-01', 'console.log');
  expect((await choose({ probe: async () => usable })).name).toBe('virtualbox');
});

import { expect, test } from 'vitest';
import type { BootStage } from '../events.js';
import { BootPatience } from './boot-patience.js';

let stage: BootStage | undefined;
let now: number;
const patience = (slowness = 4) => {
  now = 0;
  return new BootPatience({ stage: () => stage, slowness, silence: 240_000, now: () => now });
};

test('a machine of which nothing is known is asked', () => {
  stage = undefined;
  expect(patience().worthAsking()).toBe(true);
});

test('one that boots is asked when its system starts', () => {
  stage = 'power-on';
  const boot = patience(1);
  for (const next of ['power-on', 'dhcp', 'kernel', 'install', 'reboot', 'disk'] as const) {
    stage = next;
    expect(boot.worthAsking()).toBe(false);
    now += next === 'power-on' ? 10_000 : 100_000;
  }
  stage = 'system';
  expect(boot.worthAsking()).toBe(true);
  // It starts again.
  stage = 'firmware';
  expect(boot.worthAsking()).toBe(false);
});

test('where machines are emulated, their systems start in peace, for a time', () => {
  stage = 'system';
  const boot = patience();
  expect(boot.worthAsking()).toBe(false);
  now += 59_000;
  expect(boot.worthAsking()).toBe(false);
  now += 1000;
  expect(boot.worthAsking()).toBe(true);
  stage = 'running';
  expect(boot.worthAsking()).toBe(true);
});

test('one whose console tells nothing, or nothing more, is asked after all', () => {
  stage = 'power-on';
  const silent = patience();
  silent.worthAsking();
  now += 20_000;
  expect(silent.worthAsking()).toBe(true);
  stage = 'kernel';
  const stuck = patience();
  stuck.worthAsking();
  now += 230_000;
  expect(stuck.worthAsking()).toBe(false);
  now += 20_000;
  expect(stuck.worthAsking()).toBe(true);
});

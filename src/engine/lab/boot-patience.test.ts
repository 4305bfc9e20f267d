import { expect, test } from 'vitest';
import type { BootStage } from '../events.js';
import { BootPatience } from './boot-patience.js';

let stage: BootStage | undefined;
let now: number;
const patience = () => {
  now = 0;
  return new BootPatience(
    () => stage,
    240_000,
    () => now,
  );
};

test('a machine of which nothing is known is asked', () => {
  stage = undefined;
  expect(patience().worthAsking()).toBe(true);
});

test('one that boots is asked when its system starts', () => {
  stage = 'power-on';
  const boot = patience();
  for (const next of ['power-on', 'dhcp', 'kernel', 'install', 'reboot', 'disk'] as const) {
    stage = next;
    now += 100_000;
    expect(boot.worthAsking()).toBe(false);
  }
  stage = 'system';
  expect(boot.worthAsking()).toBe(true);
  // It starts again.
  stage = 'firmware';
  expect(boot.worthAsking()).toBe(false);
});

test('one whose console tells nothing, or nothing more, is asked after all', () => {
  stage = 'power-on';
  const silent = patience();
  silent.worthAsking();
  now += 21_000;
  expect(silent.worthAsking()).toBe(true);
  stage = 'kernel';
  const stuck = patience();
  stuck.worthAsking();
  now += 230_000;
  expect(stuck.worthAsking()).toBe(false);
  now += 20_000;
  expect(stuck.worthAsking()).toBe(true);
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Sandbox, until } from './sandbox.js';
import { Screen } from './screen.js';

/** A lesson of the user's own, with a step that fails until a file exists: a failure on purpose, and its repair. */
const stumble = `---
id: stumble
title: A step that stumbles
summary: Fails once, then passes.
duration: 2m
requires: []
---

## Fail once {#fail}

\`\`\`bash on=host name=look
test -e fixed || { echo "the file fixed is missing"; exit 3; }
echo "found it"
\`\`\`

<!-- hint: Make the file named fixed. -->

## Print a lot {#flood}

\`\`\`bash on=host name=flood
for i in $(seq 1 20000); do printf 'line %s \\033[31mred\\033[0m \\033]0;title\\007\\n' "$i"; done
echo "flood is over"
\`\`\`

## Wait for ever {#wait}

\`\`\`bash on=host name=wait
sleep 600
\`\`\`
`;

describe('the screen, in a real terminal', () => {
  let sandbox: Sandbox;
  const lessons = () => join(sandbox.directory, 'lessons');

  beforeAll(async () => {
    sandbox = await Sandbox.create();
    await mkdir(lessons());
    await writeFile(join(lessons(), 'stumble.md'), stumble);
  });

  afterAll(async () => {
    expect(await sandbox.dispose()).toEqual([]);
  });

  test('home, lesson 1, a step that runs, help, and out again with the terminal restored', async () => {
    const screen = await Screen.open(sandbox, [], 120, 36);
    try {
      await screen.shows('Up the sandbox environment');
      await screen.keys('Enter');
      await screen.shows('An overview of the machines');
      await screen.keys('Enter');
      await screen.shows(/core-03\s+not created/);
      // While a step runs there is no going on to the next one.
      await screen.shows('Step done');
      await screen.keys('?');
      // The footer speaks of running again too, and was there before.
      await screen.shows('dim: not now');
      await screen.keys('Escape');
      await screen.shows('An overview of the machines');
      await screen.keys('n');
      await screen.shows('Get the operating system');
      await screen.resize(80, 24);
      await screen.shows('Get the operating system');
      await screen.resize(60, 20);
      await screen.shows(/80\s*[x×]\s*24/);
      await screen.resize(200, 60);
      await screen.shows('Get the operating system');
      await screen.keys('q', 'q');
      const after = await screen.shows('exit=0');
      expect(after).toContain('icanon');
      expect(after).not.toContain('-icanon');
    } finally {
      await screen.close();
    }
  });

  test('a lesson from elsewhere asks for trust; a failure shows its evidence, is rerun, survives a flood and a cancel', async () => {
    const screen = await Screen.open(sandbox, ['--lessons', lessons()], 120, 36);
    try {
      await screen.shows('A step that stumbles');
      await screen.keys('Down', 'Down', 'Down');
      await screen.keys('Enter');
      await screen.shows('Fail once');
      await screen.keys('Enter');
      await screen.shows(/trust/i);
      await screen.keys('y');
      await screen.shows('the file fixed is missing');
      await screen.shows(/Make the file named fixed/);
      await writeFile(join(sandbox.directory, 'fixed'), '');
      await screen.keys('r');
      await screen.shows('found it');
      await screen.shows(/step done|passed/i);

      await screen.keys('n');
      await screen.shows('Print a lot');
      await screen.keys('Enter');
      await screen.shows(/│ flood is over/);
      await screen.shows('Step done');
      await screen.keys('n');
      await screen.shows('Wait for ever');
      await screen.keys('Enter');
      await screen.shows(/running|sleep 600/);
      for (let i = 0; i < 40; i++) await screen.resize(100 + (i % 5) * 20, 30 + (i % 3) * 8);
      await screen.resize(120, 36);
      await screen.shows('Wait for ever');
      await screen.keys('C-c');
      await screen.shows(/cancel+ed/i);
      await until('the sleeping process to end', async () => (await sandbox.processes(/sleep 600/)).length === 0);
      await screen.keys('q', 'q');
      await screen.shows('exit=0');
    } finally {
      await screen.close();
    }
  });

  test('killed in the middle of a step: the next start shows it as interrupted', async () => {
    const screen = await Screen.open(sandbox, ['--lessons', lessons()], 120, 36);
    let program: { pid: number } | undefined;
    try {
      await screen.shows('A step that stumbles');
      await screen.keys('Down', 'Down', 'Down');
      await screen.keys('Enter');
      // The lesson opens where it was left: at the step that was cancelled.
      await screen.shows('step 3/3 Wait for ever');
      await screen.keys('r');
      await until('the step to run', async () => /running|⠋|⠙|⠹/.test(await screen.text()));
      [program] = await sandbox
        .processes(/coreos-lab\.js --lessons/)
        .then((all) => all.filter(({ command }) => !/sh -c/.test(command)));
      process.kill(program?.pid as number, 'SIGKILL');
      await screen.shows('exit=137');
    } finally {
      await screen.close();
    }
    const again = await Screen.open(sandbox, ['--lessons', lessons()], 120, 36);
    try {
      await again.shows('A step that stumbles');
      await again.shows(/interrupted/i);
      await again.keys('q');
      await again.shows('exit=0');
    } finally {
      await again.close();
    }
  });

  test('a real machine: up, explore, a command on it, quit with the machine left running, and found again', async () => {
    const screen = await Screen.open(sandbox, [], 200, 60);
    try {
      await screen.shows('Up the sandbox environment');
      await screen.keys('Enter');
      await screen.shows('step ');
      await screen.keys('g', 'g', 'n', 'n');
      await screen.shows('step 3/10 Up the provisioner');
      await screen.keys('Enter');
      await screen.shows(/waiting for ssh/i);
      await screen.shows(/Step done/, 300_000);
      // The console is the machine's own.
      await screen.shows('core@core-provisioner:~$');
      await screen.keys('e');
      await screen.shows('Explore freely');
      await screen.keys('x');
      await screen.shows('Command:');
      await screen.type('echo "$((6 * 7)) from $(hostname)"');
      await screen.keys('Enter');
      await screen.shows('42 from core-provisioner');
      // The terminal goes to the console, to a shell, and comes back each time: no key is lost on the way.
      for (let round = 0; round < 2; round++) {
        await screen.keys('c');
        await screen.shows('Console of core-provisioner. Ctrl+] leaves it');
        await screen.type('echo "$((40 + 2)) over the wire"');
        await screen.keys('Enter');
        await screen.shows('42 over the wire');
        await screen.keys('C-]');
        await screen.shows('Back from the console of core-provisioner.');
        await screen.keys('s');
        await screen.shows(/^(?!.*Machines ─).*core@core-provisioner:~\$/s);
        await screen.type('exit');
        await screen.keys('Enter');
        await screen.shows('Back from core-provisioner.');
      }
      await screen.keys('q');
      await screen.shows('What you changed');
      await screen.keys('Enter');
      await screen.shows('Up the provisioner');
      await screen.keys('q', 'q');
      await screen.shows(/leave/i);
      await screen.keys('Enter');
      await screen.shows('exit=0');
    } finally {
      await screen.close();
    }
    expect((await sandbox.lab(['status'])).stdout).toMatch(/core-provisioner\s+running/);
    const again = await Screen.open(sandbox, [], 120, 36);
    try {
      await again.shows('Up the sandbox environment');
      await again.shows(/core-provisioner|1 of 4|running/);
      await again.keys('C-c');
      await again.shows(/Leave running/);
      await again.keys('Enter');
      await again.shows('exit=0');
    } finally {
      await again.close();
    }
  });
});

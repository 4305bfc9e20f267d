import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../exec-missing.js';
import { rsyncShellQuote, shellQuote, sshConfigQuote } from './quote.js';

const rsync = await findProgram('rsync');
const ssh = await findProgram('ssh');
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-quote-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Any text that a program can be given, with the characters that shells care for well represented. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', '')),
  fc.string({ unit: fc.constantFrom(...`'"\\$\`!*?[]{}()<>|&;# \n\t\r%~=^-a\u00e9`) }),
);

describe('shellQuote', () => {
  test.each(['bash', 'sh'])('what %s reads is what was meant', (shell) => {
    const list = fc.array(text, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(list, (values) => {
        const line = `printf '%s\\0' ${values.map(shellQuote).join(' ')}`;
        const output = execFileSync(shell, ['-c', line]);
        expect(output).toEqual(Buffer.from(values.map((value) => `${value}\0`).join('')));
      }),
      { numRuns: 60 },
    );
  });
});

describe.skipIf(rsync === undefined)('rsyncShellQuote', () => {
  test('what rsync starts is what was meant', () => {
    const program = join(directory, "rsync's shell");
    const seen = join(directory, 'seen');
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\0' "$@" > '${seen}'\nexit 1\n`);
    chmodSync(program, 0o755);
    // Line breaks and the like are not within a path that the lab makes; rsync splits at spaces only.
    const path = fc
      .string({ unit: fc.constantFrom(...`'"\\$ %;&a/`), minLength: 1 })
      .map((value) => value.replace(/^/, '/'));
    fc.assert(
      fc.property(path, (value) => {
        const shell = [program, '-F', value].map(rsyncShellQuote).join(' ');
        spawnSync(rsync as string, ['-e', shell, directory, 'machine:x']);
        expect(readFileSync(seen, 'utf8').split('\0').slice(0, 3)).toEqual(['-F', value, 'machine']);
      }),
      { numRuns: 30 },
    );
  });
});

describe.skipIf(ssh === undefined)('sshConfigQuote', () => {
  test.each([
    '/home/jane/.local/state/key',
    '/Users/Jane Doe/100% "sure"/key',
    "/tmp/it's/a\\b/$HOME/#x/key",
    '/tmp/größe/key',
  ])('ssh reads the path %j back', (path) => {
    const file = join(directory, 'config');
    writeFileSync(file, `Host x\n  UserKnownHostsFile ${sshConfigQuote(path)}\n`);
    const output = execFileSync(ssh as string, ['-F', file, '-G', 'x'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(/^userknownhostsfile (.*)$/m.exec(output)?.[1]?.replaceAll('%%', '%')).toBe(path);
  });

  test.each(['/tmp/a\nb', '/tmp/$' + '{HOME}/x'])('%j cannot be written', (path) => {
    expect(sshConfigQuote(path)).toBeUndefined();
  });
});

import { afterEach, describe, expect, test, vi } from 'vitest';
import { LabError } from '../engine/errors.js';
import { failureText, reportError } from './print-error.js';

const FAULT = new LabError({
  code: 'BOOT_TIMEOUT',
  message: 'core-01 did not answer on ssh within 75 s.',
  why: 'connection refused',
  remedy: ['Look at its console: coreos-lab console core-01', 'Start it anew: coreos-lab reload core-01'],
  docs: 'docs/errors.md',
  evidence: ['[  1.0] Kernel panic', '[  1.1] Rebooting'],
  exitCode: 2,
  cause: new Error('ECONNREFUSED'),
});

afterEach(() => vi.restoreAllMocks());

/** What an error prints on stderr, and the exit code it gives. */
function report(error: unknown, debug = false): { text: string; code: number } {
  let text = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  const code = reportError(error, debug);
  return { text, code };
}

describe('an error', () => {
  test('says what, why, the last lines, what to do, and its code', () => {
    expect(report(FAULT)).toEqual({
      code: 2,
      text: `error: core-01 did not answer on ssh within 75 s.
why: connection refused
last lines:
  | [  1.0] Kernel panic
  | [  1.1] Rebooting
what to do:
  - Look at its console: coreos-lab console core-01
  - Start it anew: coreos-lab reload core-01
(BOOT_TIMEOUT; docs/errors.md)
`,
    });
  });

  test('leaves out what is not known', () => {
    expect(failureText({ code: 'X', message: 'It broke.', remedy: [], evidence: [] })).toBe('error: It broke.\n(X)');
  });

  test('has its stack and its cause with --debug only', () => {
    const { text } = report(FAULT, true);
    expect(text).toContain('(BOOT_TIMEOUT; docs/errors.md)\nLabError: core-01 did not answer');
    expect(text).toMatch(/\n {4}at .*print-error\.test\.ts/);
    expect(text).toMatch(/cause: Error: ECONNREFUSED\n$/);
    expect(report(FAULT).text).not.toMatch(/ECONNREFUSED|print-error\.test/);
  });

  test('of the program itself asks for a report, and is code 1', () => {
    const { text, code } = report(new TypeError('x is not a function'));
    expect(code).toBe(1);
    expect(text).toBe(`error: coreos-lab hit a fault of its own: x is not a function
what to do:
  - Run the command again with --debug and report what it prints.
(INTERNAL)
`);
    expect(report('just text').text).toContain('fault of its own: just text');
    expect(report(undefined, true)).toMatchObject({ code: 1 });
  });

  test('of a full disk is no fault of the program, wherever it was met', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const { text } = report(full);
    expect(text).toContain('error: The disk is full: ENOSPC: no space left on device, write.');
    expect(text).toContain('(DISK_FULL)');
  });

  test('is none when somebody interrupted: code 130, without a word of faults', () => {
    expect(report(new DOMException('cancelled', 'AbortError'), true)).toEqual({ code: 130, text: 'Interrupted.\n' });
  });

  test('without an exit code of its own gives 1', () => {
    expect(report(new LabError({ code: 'X', message: 'x', remedy: [] })).code).toBe(1);
  });
});

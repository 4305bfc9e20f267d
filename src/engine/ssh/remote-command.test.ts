import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PidLine, scriptInput, wrapperCommand } from './remote-command.js';

/** Runs the wrapper as sshd would, by a plain shell. */
function run(input: string | Buffer, shell = 'sh') {
  const { stdout, stderr, status } = spawnSync(shell, ['-c', wrapperCommand('nonce')], { input });
  const line = new PidLine('nonce');
  const output = line.push(stdout).toString();
  return { status, stderr: stderr.toString(), output, pid: line.pid };
}

describe('the wrapper', () => {
  test('runs a script with its environment and hands on the rest of its input', () => {
    const input = `${scriptInput('echo "$A"; cat; exit 5', { A: "it's $HOME" })}the rest\0of it`;
    expect(run(input)).toMatchObject({ status: 5, stderr: '', output: "it's $HOME\nthe rest\0of it" });
    expect(run(input).pid).toBeGreaterThan(1);
  });

  test('has no arguments, and errors name bash and the line in the script', () => {
    const result = run(scriptInput('echo $# $0\n\nno-such-command'));
    expect(result).toMatchObject({ status: 127, output: '0 bash\n' });
    expect(result.stderr).toMatch(/^bash: line 3: no-such-command/);
  });

  test('a script cut short anywhere never runs', () => {
    const whole = scriptInput('echo ran', { A: '1' });
    for (let length = 0; length < whole.length; length += 1) {
      expect(run(whole.slice(0, length))).toMatchObject({ status: 255, output: '' });
    }
    expect(run(whole)).toMatchObject({ status: 0, output: 'ran\n' });
  });

  test('any environment arrives as it is', () => {
    const value = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''));
    fc.assert(
      fc.property(value, (text) => {
        expect(run(scriptInput(`printf %s "$A"`, { A: text })).output).toBe(Buffer.from(text).toString());
      }),
      { numRuns: 40 },
    );
  });

  test('what bash cannot take is refused', () => {
    expect(() => scriptInput('a\0b')).toThrow(/NUL/);
    expect(() => scriptInput('x', { A: '\0' })).toThrow(/variable A/);
    expect(() => scriptInput('x', { 'A B': '' })).toThrow(/"A B"/);
  });
});

describe('PidLine', () => {
  test('finds the process id however the output is cut, and drops what a login shell printed before', () => {
    const bytes = Buffer.from('Welcome!\n\x01other 9\n\x01nonce 4711\noutput\x01nonce 1\n');
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const line = new PidLine('nonce');
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const parts = edges.slice(1).map((end, index) => line.push(bytes.subarray(edges[index], end)));
        expect(line.pid).toBe(4711);
        expect(Buffer.concat(parts).toString()).toBe('output\x01nonce 1\n');
        expect(line.noise).toHaveLength(0);
      }),
    );
  });

  test('keeps what came instead, within bounds', () => {
    const line = new PidLine('nonce');
    line.push(Buffer.from('This account is not available\n'));
    expect(line.noise.toString()).toBe('This account is not available\n');
    for (let round = 0; round < 100; round += 1) line.push(Buffer.alloc(10_000, 'x'));
    expect(line.noise.length).toBeLessThanOrEqual(64 * 1024);
    expect(line.push(Buffer.from('\x01nonce 12\nout')).toString()).toBe('out');
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LabEvent, LabEventBody } from '../engine/events.js';
import { junitReport } from './junit.js';

const stamp = (bodies: LabEventBody[]): LabEvent[] =>
  bodies.map((body, index) => ({ seq: index + 1, time: 0, ...body }));
const ref = { lesson: 'demo', step: 'a', attempt: 1 };
const bash = { ...ref, type: 'action', executor: 'bash', action: 'run' } as const;
const bats = { ...ref, type: 'action', executor: 'bats', action: 'check' } as const;
const check = { ...ref, type: 'check', action: 'check' } as const;

test('a case per action and per check, failures with evidence, what XML cannot hold replaced', () => {
  const failure = {
    code: 'CHECK_FAILED',
    message: '1 of 3 "tests" failed',
    evidence: ['a < b && \u001b[31mred'],
    remedy: ['Mend it.'],
  };
  const report = junitReport(
    stamp([
      { type: 'step', status: 'started', ...ref },
      { ...bash, status: 'started' },
      { ...ref, type: 'output', action: 'run', stream: 'stdout', text: '\u001b[1mhello ]]> \u0000\uD800\n' },
      { ...bash, status: 'passed', duration: 1500 },
      { ...bats, status: 'started' },
      { ...check, name: 'good', ok: true, duration: 12 },
      { ...check, name: 'not here', ok: true, skipped: 'why' },
      { ...check, name: 'bad', ok: false, diagnostics: ['line 3'] },
      { ...bats, status: 'failed', duration: 500, failure },
      { type: 'step', status: 'failed', duration: 2000, failure, ...ref },
    ]),
  );
  expect(report).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="coreos-lab" tests="5" failures="2" errors="0" skipped="1" time="2.000">
      <testsuite name="demo#a" tests="5" failures="2" errors="0" skipped="1" time="2.000" timestamp="1970-01-01T00:00:00.000Z">
        <testcase classname="demo.a" name="run" time="1.500">
          <system-out>hello ]]&gt; ��
    </system-out>
        </testcase>
        <testcase classname="demo.a" name="check" time="0.500">
          <failure message="1 of 3 &quot;tests&quot; failed" type="CHECK_FAILED">a &lt; b &amp;&amp; �[31mred
    What to do: Mend it.</failure>
        </testcase>
        <testcase classname="demo.a" name="check: good" time="0.012">
        </testcase>
        <testcase classname="demo.a" name="check: not here" time="0.000">
          <skipped message="why"/>
        </testcase>
        <testcase classname="demo.a" name="check: bad" time="0.000">
          <failure message="bad" type="CHECK_FAILED">line 3</failure>
        </testcase>
      </testsuite>
    </testsuites>
    "
  `);
});

test('only the last attempt counts; prose, refusals and interruptions have a case of their own', () => {
  const failure = { code: 'LESSON_NOT_TRUSTED', message: 'no', remedy: [] };
  const report = junitReport(
    stamp([
      { type: 'step', status: 'started', ...ref },
      { type: 'step', status: 'failed', failure, ...ref },
      { type: 'step', status: 'started', ...ref, attempt: 2 },
      { type: 'step', status: 'passed', ...ref, attempt: 2 },
      { type: 'step', status: 'started', ...ref, step: 'b' },
      { type: 'step', status: 'interrupted', ...ref, step: 'b' },
      { type: 'step', status: 'started', ...ref, step: 'c' },
      { type: 'step', status: 'failed', failure, ...ref, step: 'c' },
      { type: 'step', status: 'skipped', ...ref, step: 'd' },
    ]),
  );
  expect(report).toContain('<testsuites name="coreos-lab" tests="4" failures="2" errors="0" skipped="1"');
  expect(report.match(/<testsuite name="demo#a"[^>]*failures="0"/)).not.toBeNull();
});

test('nothing that happened gives an empty report', () => {
  expect(junitReport([])).toContain('<testsuites name="coreos-lab" tests="0" failures="0"');
});

test('any text stays text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const report = junitReport(stamp([{ ...check, name: text, ok: false, diagnostics: [text] }]));
      expect(report.isWellFormed()).toBe(true);
      expect(report).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
      const tags = report.replace(/<(?:\?xml|\/?testsuites|\/?testsuite|\/?testcase|\/?failure)\b[^<>]*>/g, '');
      expect(tags).not.toMatch(/[<>]/);
      expect(tags).not.toMatch(/&(?!amp;|lt;|gt;|quot;|apos;)/);
    }),
  );
});

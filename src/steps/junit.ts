import { stripVTControlCharacters } from 'node:util';
import type { ActionRef, Failure, LabEvent } from '../engine/events.js';

interface Case {
  name: string;
  /** Seconds. */
  time: number;
  skipped?: string;
  failure?: { message: string; type: string; text: string };
  output: string;
}

interface Suite {
  lesson: string;
  step: string;
  attempt: number;
  time: number;
  started: number;
  cases: Map<string, Case>;
}

/** Most characters of output in one case: the report is for people. */
const MAX_OUTPUT = 64 * 1024;

/**
 * A JUnit report of the last attempt of each step in `events`: a suite per step, a case per action and per check, failures
 * with their evidence. Characters that XML cannot hold are replaced.
 */
export function junitReport(events: Iterable<LabEvent>): string {
  const suites = new Map<string, Suite>();
  for (const event of events) addEvent(suites, event);
  const all = [...suites.values()];
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="coreos-lab"${counts(all)}>`];
  for (const suite of all) {
    const name = `name="${xml(`${suite.lesson}#${suite.step}`)}"`;
    lines.push(`  <testsuite ${name}${counts([suite])} timestamp="${new Date(suite.started).toISOString()}">`);
    for (const one of suite.cases.values()) lines.push(...caseLines(suite, one));
    lines.push('  </testsuite>');
  }
  lines.push('</testsuites>', '');
  return lines.join('\n');
}

function addEvent(suites: Map<string, Suite>, event: LabEvent): void {
  if (event.type !== 'step' && event.type !== 'action' && event.type !== 'check' && event.type !== 'output') return;
  const id = `${event.lesson}/${event.step}`;
  let suite = suites.get(id);
  if (suite !== undefined && event.attempt < suite.attempt) return;
  if (suite === undefined || event.attempt > suite.attempt) {
    const { lesson, step, attempt } = event;
    suite = { lesson, step, attempt, time: 0, started: event.time, cases: new Map() };
    // A later attempt takes the place of the one before, at the end of the report.
    suites.delete(id);
    suites.set(id, suite);
  }
  if (event.type === 'step') addStep(suite, event);
  else if (event.type === 'check') addCheck(suite, event);
  else if (event.type === 'output') {
    const one = caseOf(suite, event);
    one.output = (one.output + stripVTControlCharacters(event.text)).slice(-MAX_OUTPUT);
  } else addAction(suite, event);
}

function addAction(suite: Suite, event: Extract<LabEvent, { type: 'action' }>): void {
  const one = caseOf(suite, event);
  if (event.duration !== undefined) one.time = event.duration / 1000;
  if (event.status === 'skipped') one.skipped = 'not for this provider or image';
  if (event.status === 'cancelled') one.skipped = 'cancelled';
  if (event.failure !== undefined) one.failure = failureText(event.failure);
}

function addCheck(suite: Suite, event: Extract<LabEvent, { type: 'check' }>): void {
  const failure = { message: event.name, type: 'CHECK_FAILED', text: (event.diagnostics ?? []).join('\n') };
  suite.cases.set(`check ${event.action} ${suite.cases.size}`, {
    name: `${event.action}: ${event.name}`,
    time: (event.duration ?? 0) / 1000,
    output: '',
    ...(event.skipped === undefined ? {} : { skipped: event.skipped }),
    ...(event.ok ? {} : { failure }),
  });
}

/** A step is a case of its own only where no action says what happened: prose, a refusal, an interruption. */
function addStep(suite: Suite, event: Extract<LabEvent, { type: 'step' }>): void {
  if (event.status === 'started') return;
  suite.time = (event.duration ?? 0) / 1000;
  const one: Case = { name: 'step', time: suite.time, output: '' };
  if (event.status === 'interrupted') {
    one.failure = { message: 'The step was interrupted', type: 'INTERRUPTED', text: 'The program ended while it ran.' };
  } else if (event.status === 'cancelled' || event.status === 'skipped') one.skipped = event.status;
  else if (event.failure) one.failure = failureText(event.failure);
  const cases = [...suite.cases.values()];
  let told = cases.length > 0;
  if (one.failure !== undefined) told = cases.some(({ failure }) => failure !== undefined);
  else if (one.skipped !== undefined) told = cases.some(({ skipped }) => skipped !== undefined);
  if (!told) suite.cases.set('step', one);
}

function caseOf(suite: Suite, { action }: ActionRef): Case {
  const known = suite.cases.get(action);
  if (known !== undefined) return known;
  const made: Case = { name: action, time: 0, output: '' };
  suite.cases.set(action, made);
  return made;
}

function failureText({ code, message, cause, evidence, remedy }: Failure): NonNullable<Case['failure']> {
  const text = [
    ...(cause === undefined ? [] : [cause]),
    ...(evidence ?? []),
    ...remedy.map((one) => `What to do: ${one}`),
  ].join('\n');
  return { message, type: code, text };
}

function counts(suites: readonly Suite[]): string {
  const cases = suites.flatMap((suite) => [...suite.cases.values()]);
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const skipped = cases.filter(({ failure, skipped: reason }) => failure === undefined && reason !== undefined).length;
  const time = suites.reduce((sum, suite) => sum + suite.time, 0);
  return ` tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${time.toFixed(3)}"`;
}

function caseLines(suite: Suite, { name, time, failure, skipped, output }: Case): string[] {
  const lines = [
    `    <testcase classname="${xml(`${suite.lesson}.${suite.step}`)}" name="${xml(name)}" time="${time.toFixed(3)}">`,
  ];
  if (failure !== undefined) {
    const attributes = `message="${xml(failure.message)}" type="${xml(failure.type)}"`;
    lines.push(`      <failure ${attributes}>${xml(failure.text)}</failure>`);
  } else if (skipped !== undefined) lines.push(`      <skipped message="${xml(skipped)}"/>`);
  if (output !== '') lines.push(`      <system-out>${xml(output)}</system-out>`);
  lines.push('    </testcase>');
  return lines;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** XML text: entities, and U+FFFD for control characters, lone surrogates and non-characters, which XML 1.0 forbids. */
function xml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/g, '\uFFFD')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

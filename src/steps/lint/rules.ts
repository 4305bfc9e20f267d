import { suggest } from '../../engine/did-you-mean.js';
import { parseLabBlock } from '../lab-verbs.js';
import type { Action, Step } from '../lesson.js';
import type { ReadAction } from '../parse/fence.js';
import type { ReadLesson } from '../parse/read-lesson.js';
import type { Report } from '../parse/source.js';

export interface RuleContext {
  read: ReadLesson;
  report: Report;
  /** Names in lab.yaml; undefined = not checked. */
  machines: readonly string[] | undefined;
}

/** Step ids once in a lesson, action names once in a step: progress and output files are kept under them. */
export function uniqueIds({ read, report }: RuleContext): void {
  const steps = new Map<string, Step>();
  for (const step of read.lesson.steps) {
    const other = steps.get(step.id);
    if (other) {
      report(read.stepOffsets.get(step) ?? 0, {
        rule: 'duplicate-step-id',
        message: `The id "${step.id}" is taken by the step in line ${other.position.line}`,
        suggestion: `write another one, such as {#${step.id}-2}`,
      });
    } else steps.set(step.id, step);
    const names = new Map<string, Action>();
    for (const action of step.actions) {
      const same = names.get(action.id);
      const at = read.actions.get(action);
      if (same && at) {
        report(at.offsets.get('name') ?? at.offset, {
          rule: 'duplicate-action-name',
          message: `The name "${action.id}" is taken by the block in line ${same.position.line}`,
          suggestion: `write another one, such as name=${action.id}-again`,
        });
      } else names.set(action.id, action);
    }
  }
}

/** Something to read or to run in each step, and at least one step. */
export function notEmpty({ read, report }: RuleContext): void {
  if (read.lesson.steps.length === 0) {
    report(read.frontMatter.end, {
      rule: 'no-steps',
      message: 'The lesson has no steps',
      suggestion: 'begin one with a heading such as "## What happens {#id}"',
    });
  }
  for (const step of read.lesson.steps) {
    if (step.blocks.length > 0) continue;
    report(read.source.offsetOf(step.position), {
      rule: 'empty-step',
      message: `The step "${step.title}" has nothing to read and nothing to run`,
      suggestion: 'write what happens in it, or remove the heading',
    });
  }
  for (const { action, offset } of read.actions.values()) {
    if (action.source.trim() !== '') continue;
    report(offset, {
      rule: 'empty-action',
      message: 'This block is empty',
      suggestion: 'write what it does, or remove it',
    });
  }
}

/** `on=` names a machine of the lab, or the host. */
export function knownMachines({ read, report, machines }: RuleContext): void {
  if (machines === undefined) return;
  for (const { action, offset, offsets } of read.actions.values()) {
    if (action.on === undefined || action.on === 'host' || machines.includes(action.on)) continue;
    report(offsets.get('on') ?? offset, {
      rule: 'unknown-machine',
      message: `There is no machine "${action.on.slice(0, 40)}" in lab.yaml`,
      suggestion: suggest(action.on, [...machines, 'host']),
    });
  }
}

/** What `lab` blocks say. */
export function labVerbs({ read, report, machines }: RuleContext): void {
  for (const { action, offset, lines } of read.actions.values()) {
    if (action.executor !== 'lab') continue;
    const { commands, faults } = parseLabBlock(action.source, machines);
    for (const { line, column, ...fault } of faults) report((lines[line] ?? offset) + column, fault);
    if (commands.length > 0 || faults.length > 0 || action.source.trim() === '') continue;
    report(offset, {
      rule: 'empty-action',
      message: 'This block has only comments',
      suggestion: 'write a verb such as "status", or remove it',
    });
  }
}

/** bats refuses two tests of one name, and would then run none. */
export function uniqueTests({ read, report }: RuleContext): void {
  for (const readAction of read.actions.values()) {
    if (readAction.action.executor !== 'bats') continue;
    const seen = new Map<string, number>();
    for (const { name, line, offset } of tests(readAction)) {
      const other = seen.get(name);
      if (other !== undefined) {
        report(offset, {
          rule: 'duplicate-test',
          message: `A test of this name is in line ${other} already, and bats refuses two`,
          suggestion: 'say in the name what this one tests',
        });
      } else seen.set(name, read.source.at(line).line);
    }
  }
}

function* tests({ action, lines, offset }: ReadAction): Generator<{ name: string; line: number; offset: number }> {
  for (const [index, line] of action.source.split('\n').entries()) {
    if (line.length > 1000) continue;
    const match = /^([ \t]*@test[ \t]+)(\S.*?)[ \t]+\{/.exec(line);
    const start = lines[index] ?? offset;
    if (match) yield { name: match[2] ?? '', line: start, offset: start + (match[1] ?? '').length };
  }
}

/** An `only=` that leaves nothing out says nothing. */
export function usefulOnly({ read, report }: RuleContext): void {
  for (const { action, offset, offsets } of read.actions.values()) {
    const all = [
      ['virtualbox', 'qemu'],
      ['flatcar', 'labos'],
    ] as const;
    for (const group of all) {
      if (!group.every((name) => action.only.includes(name))) continue;
      const others = action.only.filter((name) => !(group as readonly string[]).includes(name));
      report(
        offsets.get('only') ?? offset,
        {
          rule: 'pointless-only',
          message: `only= names ${group.join(' and ')}, so it leaves neither out`,
          suggestion: others.length === 0 ? 'remove it' : `write "only=${others.join(',')}"`,
        },
        'warning',
      );
    }
  }
}

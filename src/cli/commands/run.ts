import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { didYouMean } from '../../engine/did-you-mean.js';
import { LabError } from '../../engine/errors.js';
import type { LabEvent } from '../../engine/events.js';
import type { StepOutcome, Workshop } from '../../steps/workshop.js';
import { composeWorkshop } from '../compose-workshop.js';
import { withLab } from '../context.js';

interface RunCommandOptions {
  all?: boolean;
  from?: boolean;
  json?: boolean;
  junit?: string;
  trust?: boolean;
  lessons?: string[];
}

export async function run(targets: string[], _options: object, command: Command): Promise<number> {
  const options = command.optsWithGlobals() as RunCommandOptions;
  return withLab(command, { lock: true }, async (context) => {
    const { bus, signal } = context;
    // A lesson file may be named as it is, without --lessons.
    const files = targets.map((target) => target.split('#')[0] ?? '').filter((name) => name.endsWith('.md'));
    const workshop = await composeWorkshop(context, [...(options.lessons ?? []), ...files], { recover: true });
    const plan = planOf(workshop, targets, options);
    if (options.trust) for (const { lesson } of plan) await workshop.trust(lesson);
    const events: LabEvent[] = [];
    if (options.junit !== undefined) bus.subscribe((event) => events.push(event));
    if (options.json) bus.subscribe((event) => process.stdout.write(`${JSON.stringify(event)}\n`));
    else {
      const { createReporter } = await import('../reporter.js');
      bus.subscribe(createReporter(process.stdout, { color: command.optsWithGlobals().color !== false }));
    }
    let outcome: StepOutcome = 'passed';
    const endWatching = context.lab.watch();
    try {
      for (const { lesson, step, from } of plan) {
        outcome =
          step === undefined || from
            ? await workshop.runFrom(lesson, step, { signal })
            : await workshop.runStep(lesson, step, { signal });
        if (outcome === 'failed' || outcome === 'cancelled') break;
      }
    } finally {
      await endWatching();
      await workshop.close();
      if (options.junit !== undefined) {
        const { junitReport } = await import('../../steps/junit.js');
        await writeFile(options.junit, junitReport(events));
      }
    }
    if (outcome === 'cancelled') return 130;
    return outcome === 'failed' ? 1 : 0;
  });
}

interface Planned {
  lesson: string;
  step: string | undefined;
  from: boolean;
}

/** What the words after `run` mean. Throws LabError UNKNOWN_LESSON or NOTHING_TO_RUN (exit code 2). */
function planOf(workshop: Workshop, targets: readonly string[], options: RunCommandOptions): Planned[] {
  const { lessons } = workshop;
  if (targets.length === 0 && !options.all) {
    throw new LabError({
      code: 'NOTHING_TO_RUN',
      message: 'run needs the name of a lesson, or --all.',
      remedy: lessons.map(({ id, title }) => `coreos-lab run ${id}    ${title}`),
      exitCode: 2,
    });
  }
  if (targets.length === 0) return lessons.map(({ id }) => ({ lesson: id, step: undefined, from: false }));
  return targets.map((target) => {
    const [name = '', step] = target.split('#');
    const lesson = lessons.find(
      ({ id, file }) => id === name || (name.endsWith('.md') && file.endsWith(name.replace(/^\.\//, ''))),
    );
    if (lesson === undefined)
      throw unknown(
        'lesson',
        name,
        lessons.map(({ id }) => id),
      );
    const steps = lesson.steps.map(({ id }) => id);
    if (step !== undefined && !steps.includes(step)) throw unknown('step', step, steps);
    return { lesson: lesson.id, step, from: options.from === true };
  });
}

export function unknown(kind: 'lesson' | 'step', name: string, names: readonly string[]): LabError {
  const meant = didYouMean(name, names);
  return new LabError({
    code: 'UNKNOWN_LESSON',
    message: `There is no ${kind} ${JSON.stringify(name)}.`,
    remedy: [
      meant === undefined ? `There are: ${names.join(', ')}.` : `Did you mean ${meant}?`,
      'See them all: coreos-lab lessons list',
    ],
    exitCode: 2,
  });
}

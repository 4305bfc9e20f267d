import { join } from 'node:path';
import type { Command } from 'commander';
import { Runs } from '../../engine/state/runs.js';
import { loadLessons } from '../../steps/load.js';
import { foldProgress, interruptRunning, stepProgress } from '../../steps/progress.js';
import { isBusy } from '../compose.js';
import { withLab } from '../context.js';
import { print, printJson, table } from '../output.js';

export async function run(options: { json?: boolean }, command: Command): Promise<void> {
  await withLab(command, {}, async ({ paths, lessonsDirectory }) => {
    const more = (command.optsWithGlobals() as { lessons?: string[] }).lessons ?? [];
    const { lessons } = await loadLessons([lessonsDirectory, ...more], { packageDirectory: lessonsDirectory });
    const folded = foldProgress(new Runs(join(paths.labDirectory, 'runs')).history().events);
    // What still looks running, with nobody at work, was cut off.
    const progress = isBusy(paths) ? folded : interruptRunning(folded);
    const list = lessons.map(({ id, title, summary, duration, file, steps }) => ({
      id,
      title,
      summary,
      duration,
      file,
      steps: steps.map((step) => ({
        id: step.id,
        title: step.title,
        status: stepProgress(progress, id, step.id).status,
      })),
    }));
    if (options.json) return printJson(list);
    const rows = list.map(({ id, title, duration, steps }) => {
      const done = steps.filter(({ status }) => status === 'passed' || status === 'skipped').length;
      return [id, `${done}/${steps.length}`, `${duration} min`, title];
    });
    print(table([['LESSON', 'DONE', 'TIME', 'TITLE'], ...rows]));
    print(
      '\nRun one: coreos-lab run LESSON    read one: coreos-lab lessons show LESSON    or open the screen: coreos-lab',
    );
  });
}

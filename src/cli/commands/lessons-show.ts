import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadLessons } from '../../steps/load.js';
import { withLab } from '../context.js';
import { print } from '../output.js';
import { unknown } from './run.js';

export async function run(name: string, _options: object, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lessonsDirectory }) => {
    const more = (command.optsWithGlobals() as { lessons?: string[] }).lessons ?? [];
    const { lessons } = await loadLessons([lessonsDirectory, ...more], { packageDirectory: lessonsDirectory });
    const lesson = lessons.find(({ id }) => id === name);
    if (lesson === undefined) {
      throw unknown(
        'lesson',
        name,
        lessons.map(({ id }) => id),
      );
    }
    print(await readFile(lesson.file, 'utf8'));
  });
}

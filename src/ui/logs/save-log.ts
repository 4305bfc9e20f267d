import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogSource } from './log-source.js';

/** Writes a log as plain text into the lab's folder and returns the file's path. An older file is never replaced. */
export async function saveLog(source: LogSource, directory: string, name: string, time: Date): Promise<string> {
  const folder = join(directory, 'saved');
  await mkdir(folder, { recursive: true });
  const stamp = time.toISOString().slice(0, 19).replaceAll(':', '-');
  const lines = Array.from({ length: source.end - source.first }, (_, index) => source.text(source.first + index));
  for (let copy = 1; ; copy++) {
    const file = join(folder, `${name}-${stamp}${copy === 1 ? '' : `-${copy}`}.log`);
    try {
      await writeFile(file, `${lines.join('\n')}\n`, { flag: 'wx', mode: 0o600 });
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

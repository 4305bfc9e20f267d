import { createInterface } from 'node:readline/promises';
import { LabError } from '../engine/errors.js';

/** Asks a question that is answered by y or n. Without a terminal there is nobody to ask: LabError NEEDS_YES (exit code 2). */
export async function confirm(
  question: string,
  options: { yes?: boolean | undefined; preset?: boolean } = {},
): Promise<boolean> {
  if (options.yes) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new LabError({
      code: 'NEEDS_YES',
      message: `${question} Nobody can answer here, because this is not a terminal.`,
      remedy: ['Add --yes to say yes beforehand.'],
      exitCode: 2,
    });
  }
  const { preset = false } = options;
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await reader.question(`${question} ${preset ? '[Y/n]' : '[y/N]'} `)).trim().toLowerCase();
    return answer === '' ? preset : answer === 'y' || answer === 'yes';
  } finally {
    reader.close();
  }
}

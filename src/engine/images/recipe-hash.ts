import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../errors.js';
import type { Exec } from '../exec.js';
import { readJson, writeFileAtomic } from '../state/atomic-file.js';
import type { Recipe } from './run-build.js';

/**
 * The cache key of what a recipe's build would make. The script says it; the answer is remembered with the sizes and times of
 * the recipe's files, so that a start of the program does not have to ask.
 */
export async function recipeHash(
  exec: Exec,
  { directory: recipe, sources, id, title, options }: Recipe,
  version: string,
  cacheDirectory: string,
): Promise<string> {
  const memo = join(cacheDirectory, `${id}-recipe-hash.json`);
  const told = ['--version', version, ...(options?.(version) ?? [])];
  const state = await fingerprint([recipe, ...sources], told.join(' ')).catch((error) => {
    throw unreadable(title, recipe, reasonOf(error));
  });
  const known = await readJson(memo, isMemo);
  if (known?.state === state) return known.hash;
  const { stdout, stderr, exitCode } = await exec
    .run(join(recipe, 'build'), ['--hash', ...told], { quiet: true })
    .catch((error) => {
      throw unreadable(title, recipe, reasonOf(error));
    });
  const hash = stdout.trim();
  if (exitCode !== 0 || !/^[0-9a-f]{64}$/.test(hash)) {
    throw unreadable(title, recipe, stderr.trim().split('\n').at(-1) || 'its script gave no hash and no reason');
  }
  await writeFileAtomic(memo, `${JSON.stringify({ state, hash })}\n`).catch(() => undefined);
  return hash;
}

function unreadable(title: string, recipe: string, why: string): LabError {
  return new LabError({
    code: 'IMAGE_RECIPE',
    message: `The recipe of ${title} in ${recipe} cannot be read: ${why}`,
    remedy: ['Install coreos-lab again; files of it are missing or damaged.'],
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function fingerprint(folders: readonly string[], told: string): Promise<string> {
  const hash = createHash('sha256').update(`${folders.join('\n')}\n${told}\n`);
  const entries = await Promise.all(folders.map((folder) => readdir(folder, { recursive: true, withFileTypes: true })));
  const files = entries
    .flat()
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    const { size, mtimeMs } = await stat(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function isMemo(value: unknown): value is { state: string; hash: string } {
  const memo = value as { state?: unknown; hash?: unknown } | null;
  return typeof memo?.state === 'string' && typeof memo.hash === 'string';
}

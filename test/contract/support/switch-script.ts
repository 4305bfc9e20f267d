import { join } from 'node:path';
import { build } from 'esbuild';

/** Builds the switch from its source into `directory`, so that tests never run a stale dist. Resolves with its path. */
export async function buildSwitch(directory: string): Promise<string> {
  const outfile = join(directory, 'switch.mjs');
  await build({
    entryPoints: [new URL('../../../src/engine/network/switch-main.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    logLevel: 'warning',
  });
  return outfile;
}

import type { Command } from 'commander';
import { withLab } from '../context.js';
import { print, printJson } from '../output.js';

const MARKS = { ok: '✓', warning: '!', failed: '✗' } as const;

export async function run(options: { fix?: boolean; json?: boolean }, command: Command): Promise<number> {
  return withLab(command, { lock: options.fix === true, report: options.fix === true }, async ({ lab, signal }) => {
    let items = await lab.doctor({ signal });
    if (options.fix) {
      for (const item of items) if (item.status !== 'ok') await item.fix?.({ signal });
      items = await lab.doctor({ signal });
    }
    if (options.json) printJson(items.map(({ fix, ...item }) => ({ ...item, fixable: fix !== undefined })));
    else {
      const width = Math.max(...items.map(({ title }) => title.length));
      for (const { status, title, detail, remedy } of items) {
        print(`${MARKS[status]} ${title.padEnd(width)}  ${detail}`);
        for (const line of remedy) print(`  ${' '.repeat(width)}  → ${line}`);
      }
    }
    return items.some(({ status }) => status === 'failed') ? 1 : 0;
  });
}

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { LabConfig } from '../../engine/config/lab-config.js';
import { imageDefinition } from '../../engine/images/image-definition.js';
import { attachConsole } from '../attach-terminal.js';
import { copyToClipboard } from '../clipboard.js';
import { type Composed, compose } from '../compose.js';
import { composeWorkshop } from '../compose-workshop.js';
import { packageVersion } from '../package-root.js';
import { needsSetUp } from '../set-up.js';

interface ScreenOptions {
  lab?: string;
  provider?: LabConfig['provider'];
  inline?: boolean;
  accessible?: boolean;
  color?: boolean;
  yes?: boolean;
  lessons?: string[];
}

/** Opens the workshop's screen. What is missing is set up first; then lesson 1 opens instead of the home screen. */
export async function run(_options: object, command: Command): Promise<number> {
  const options = command.opts() as ScreenOptions;
  if (command.args.length > 0) {
    const { unknownCommand } = await import('../unknown-command.js');
    throw unknownCommand(command.args[0] as string, command);
  }
  const parts = await compose({ labFile: options.lab, provider: options.provider, lock: 'coreos-lab' });
  try {
    const fresh = await needsSetUp(parts);
    if (fresh) await setUpFirst(parts, options);
    const workshop = await composeWorkshop(parts, options.lessons ?? [], { recover: true });
    const [first] = workshop.lessons;
    const { startUi } = await import('../../ui/start.js');
    const { config, images } = parts;
    const result = await startUi({
      workshop,
      mode: options.accessible ? 'accessible' : options.inline ? 'inline' : 'fullscreen',
      version: packageVersion(),
      initial: fresh && first !== undefined ? { screen: 'lesson', lesson: first.id } : { screen: 'home' },
      color: options.color !== false && !process.env.NO_COLOR,
      interactive: (program, args) => parts.exec.interactive(program, args),
      attach: (machine) => attachConsole(parts.lab, machine),
      copy: (text) => copyToClipboard(text),
      image: async () => {
        const { name, version } = config.image;
        const found = await images.find(name, version);
        return {
          ready: found !== undefined,
          detail: found === undefined ? imageDefinition(name).absent : 'ready',
        };
      },
      dropCaches: () => dropCaches(parts),
    });
    await workshop.close();
    await leave(parts, result.machines);
    return result.exitCode;
  } finally {
    await parts.close();
  }
}

async function setUpFirst(parts: Composed, options: ScreenOptions): Promise<void> {
  const { createReporter } = await import('../reporter.js');
  const { cancelOnSignals } = await import('../interrupt.js');
  const { setUp } = await import('../set-up.js');
  process.stderr.write(
    'The first start sets up what the lab needs: a hypervisor and an operating system for the machines.\n',
  );
  const { signal, stop } = cancelOnSignals();
  const unsubscribe = parts.bus.subscribe(createReporter(process.stderr, { color: options.color !== false }));
  try {
    await setUp({ ...parts, signal }, { yes: options.yes === true });
  } finally {
    unsubscribe();
    stop();
  }
}

/** After the screen has closed: what the user chose to do with the machines, with plain progress. */
async function leave(parts: Composed, choice: 'leave' | 'halt' | 'destroy'): Promise<void> {
  if (choice === 'leave') return;
  const { createReporter } = await import('../reporter.js');
  const unsubscribe = parts.bus.subscribe(createReporter(process.stderr, { color: true }));
  if (choice === 'halt') await parts.lab.halt([]);
  else await parts.lab.destroy([]);
  unsubscribe();
}

async function dropCaches({ images, paths }: Composed): Promise<number> {
  // Halves of downloads that were cut, too: they may be as large as an image.
  const downloads = join(paths.cacheDirectory, 'downloads');
  let freed = 0;
  for (const name of await readdir(downloads).catch(() => [])) {
    freed += (await stat(join(downloads, name))).size;
    await rm(join(downloads, name), { force: true });
  }
  for (const image of await images.list()) {
    await images.remove(image);
    freed += image.bytes;
  }
  return freed;
}

import { render } from 'ink';
import { UiContext } from './app/context.js';
import { installGuard } from './app/guard.js';
import { createSession } from './app/session.js';
import { summaryLines } from './app/summary.js';
import { oneKeyStream } from './keys/one-key-stream.js';
import type { StartUi, UiOptions, UiResult } from './options.js';
import { Root } from './screens/Root.js';
import { localeIsUtf8 } from './theme/ascii.js';
import { outputStream } from './theme/output-stream.js';

export type { StartUi, UiMode, UiOptions, UiResult } from './options.js';

/** Frames a second at most. Events change the screen ten times a second; the rest is for keys to show at once. */
const FPS = 40;
const INLINE_ROWS = 40;

/**
 * Shows the workshop until the user leaves, as lines where there is no terminal; resolves with what shall become of the machines. The terminal is as it was
 * before, however the screen ends; a fault of its own rejects after that.
 */
export const startUi: StartUi = async (options) => {
  const stdin = options.stdin ?? process.stdin;
  const stdout = options.stdout ?? process.stdout;
  if (options.mode === 'accessible' || !stdin.isTTY || !stdout.isTTY) {
    const { startAccessible } = await import('./accessible/accessible.js');
    return startAccessible(options);
  }
  return fullScreen(options, stdin, stdout);
};

async function fullScreen(options: UiOptions, stdin: NodeJS.ReadStream, stdout: NodeJS.WriteStream): Promise<UiResult> {
  const unicode = options.unicode ?? localeIsUtf8(process.env, process.platform);
  const session = createSession({ ...options, stdout });
  const { parts } = session.ui;
  const ended = Promise.withResolvers<UiResult>();
  parts.terminal.end = ended.resolve;
  const removeGuard = installGuard(
    () => ended.resolve({ machines: 'leave', exitCode: 130 }),
    (error) => ended.reject(error),
  );
  const inline = options.mode === 'inline';
  const instance = render(
    <UiContext value={session.ui}>
      <Root {...(inline ? { inlineRows: INLINE_ROWS } : {})} />
    </UiContext>,
    {
      stdin: oneKeyStream(stdin),
      stdout: outputStream(stdout, { unicode }),
      alternateScreen: !inline,
      incrementalRendering: true,
      interactive: true,
      maxFps: FPS,
      exitOnCtrlC: false,
      patchConsole: false,
    },
  );
  const exited = instance.waitUntilExit();
  exited.then(() => ended.resolve({ machines: 'leave', exitCode: 0 }), ended.reject);
  // The first frame is out; everything else may come now.
  const loading = setImmediate(session.load);
  try {
    const result = await ended.promise;
    instance.unmount();
    await exited.catch(() => {});
    const lines = summaryLines(options, parts.store.lab, result);
    if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
    return result;
  } finally {
    clearImmediate(loading);
    instance.unmount();
    await exited.catch(() => {});
    await session.close().finally(removeGuard);
  }
}

import { open } from 'node:fs/promises';
import stripAnsi from 'strip-ansi';

/** The last lines of a machine's console as plain text, at most 20: what a failure card shows. */
export async function lastConsoleLines(logFile: string, count = 15): Promise<string[]> {
  const handle = await open(logFile, 'r').catch(() => undefined);
  if (handle === undefined) return [];
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, 16 * 1024);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return stripAnsi(buffer.subarray(0, bytesRead).toString('utf8'))
      .split(/\r?\n|\r/)
      .map((line) => line.replace(/[\p{Cc}\p{Cf}]/gu, '').trimEnd())
      .filter((line) => line !== '')
      .slice(-count);
  } finally {
    await handle.close();
  }
}

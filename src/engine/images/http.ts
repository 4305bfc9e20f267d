import { setTimeout as sleep } from 'node:timers/promises';
import { isDiskFull, LabError } from '../errors.js';

const TRIES = 4;
/** Milliseconds without a byte after which a connection is given up; a server that is merely slow sends something. */
const STALL = 30_000;

export interface HttpOptions {
  signal?: AbortSignal | undefined;
  /** For tests: another patience. */
  stall?: number | undefined;
}

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/**
 * Does something with a URL up to four times, as long as the connection is what fails. Rejects with LabError DOWNLOAD_FAILED, or with what
 * another try would not change.
 */
export async function withTries<T>(url: string, signal: AbortSignal | undefined, once: () => Promise<T>): Promise<T> {
  let lastError: unknown;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      return await once();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof LabError || isDiskFull(error)) throw error;
      lastError = error;
    }
    if (attempt < TRIES - 1) await pause(500 * 2 ** attempt, signal);
  }
  throw new LabError({
    code: 'DOWNLOAD_FAILED',
    message: `${url} could not be fetched in ${TRIES} tries: ${reason(lastError)}`,
    remedy: ['Check the network and run the command again: it goes on where it ended.'],
  });
}

/** Hands the response to `take`, and breaks off when nothing came for a while, within the head or the body. */
export async function withResponse<T>(
  url: string,
  headers: Record<string, string>,
  { signal, stall = STALL }: HttpOptions,
  take: (response: Response, onBytes: () => void, ended: AbortSignal) => Promise<T>,
): Promise<T> {
  const stalled = new AbortController();
  const watch = setTimeout(
    () => stalled.abort(new Error(`nothing came for ${Math.round(stall / 1000)} seconds`)),
    stall,
  );
  const ended = signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]);
  try {
    // Packed on its way, it would have another length, and a range would mean other bytes.
    const response = await fetch(url, { headers: { 'Accept-Encoding': 'identity', ...headers }, signal: ended });
    return await take(response, () => watch.refresh(), ended);
  } catch (error) {
    // Whoever was writing is told of an abort; the reason for it is what there is to say.
    if (stalled.signal.aborted && signal?.aborted !== true) throw stalled.signal.reason;
    throw error;
  } finally {
    clearTimeout(watch);
    // What nobody read of the response is not waited for.
    stalled.abort();
  }
}

export function refused(url: string, { status, statusText }: Response): LabError {
  return new LabError({
    code: 'DOWNLOAD_FAILED',
    message: `${url} was refused by its server: ${status} ${statusText}.`,
    remedy: ['Check the address.'],
  });
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  signal?.throwIfAborted();
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { LabEvent, LabEventType } from '../events.js';

/**
 * Append-only file of events, one JSON object a line. Lines are written whole, in one call; what a crash cut off at the end
 * is set aside in `<file>.torn` when the file is opened again.
 */
export interface Journal {
  /** Number of the last event in the file; 0 for a new one. */
  readonly lastSeq: number;
  /** Throws the file system's error when the event could not be written. */
  append(event: LabEvent): void;
  close(): void;
}

export interface JournalContents {
  events: LabEvent[];
  /** Lines that are not events, with their number (from 1) and why. */
  faults: { line: number; reason: string }[];
}

/** Events after which the file is synced: what must not be lost when the power goes. */
const DURABLE: ReadonlySet<LabEventType> = new Set(['step', 'savepoint']);

export function openJournal(file: string): Journal {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const handle = openSync(file, 'a+', 0o600);
  repairEnd(handle, file);
  const lastSeq = readJournal(file).events.reduce((last, { seq }) => Math.max(last, seq), 0);
  return {
    lastSeq,
    append(event) {
      writeSync(handle, `${JSON.stringify(event)}\n`);
      if (DURABLE.has(event.type)) fsyncSync(handle);
    },
    close() {
      closeSync(handle);
    },
  };
}

/** Cuts the file after its last whole line and keeps what was behind it. */
function repairEnd(handle: number, file: string): void {
  const { size } = fstatSync(handle);
  if (size === 0) return;
  const last = Buffer.alloc(1);
  readSync(handle, last, 0, 1, size - 1);
  if (last[0] === 0x0a) return;
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const torn = openSync(`${file}.torn`, 'a', 0o600);
  writeSync(torn, bytes, end);
  closeSync(torn);
  ftruncateSync(handle, end);
}

/** Reads what can be read; never throws for what is in the file. A missing file has no events. */
export function readJournal(file: string): JournalContents {
  const contents: JournalContents = { events: [], faults: [] };
  if (!existsSync(file)) return contents;
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.forEach((line, index) => {
    if (line === '') return;
    const event = parseEvent(line);
    if (typeof event === 'string') contents.faults.push({ line: index + 1, reason: event });
    else contents.events.push(event);
  });
  return contents;
}

function parseEvent(line: string): LabEvent | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'not JSON: the line was cut or damaged';
  }
  const event = value as Partial<LabEvent> | null;
  if (typeof event !== 'object' || event === null) return 'not an event';
  const { seq, time, type } = event;
  if (!Number.isSafeInteger(seq) || typeof time !== 'number' || typeof type !== 'string') return 'not an event';
  return event as LabEvent;
}

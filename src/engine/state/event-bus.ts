import type { EventBus, LabEvent, LabEventBody, LabEventType } from '../events.js';
import type { Journal } from './journal.js';

export interface EventBusOptions {
  journal?: Journal;
  now?: () => number;
}

export interface JournaledEventBus extends EventBus {
  /** From the next event on, write to another journal (a new run) or to none. */
  setJournal(journal: Journal | undefined): void;
}

/**
 * Events that are not worth keeping: pointers into files that are there anyway, and the frames of a running bar, wait or stage. The
 * end of a wait or a bar and the beginning of a stage are kept.
 */
function isPassing(body: LabEventBody): boolean {
  const passing: ReadonlySet<LabEventType> = new Set(['console']);
  if (body.type === 'stage') return body.percent !== undefined;
  return passing.has(body.type) || (body.type === 'progress' && !body.finished);
}

/** Stamps events, writes them to the journal, then hands them to the subscribers in order; a subscriber that throws is alone with it. */
export function createEventBus(options: EventBusOptions = {}): JournaledEventBus {
  const { now = Date.now } = options;
  const listeners = new Set<(event: LabEvent) => void>();
  let journal = options.journal;
  let seq = journal?.lastSeq ?? 0;
  let complained = false;

  const deliver = (event: LabEvent) => {
    for (const listener of [...listeners]) {
      try {
        listener(event);
      } catch (error) {
        // A fault of one reader must not stop the work or the other readers.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  };

  const record = (event: LabEvent): boolean => {
    try {
      journal?.append(event);
      return true;
    } catch (error) {
      if (complained) return true;
      complained = true;
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      const text =
        code === 'ENOSPC'
          ? 'The disk is full: the journal of this run is no longer written. Work goes on; make room soon.'
          : `The journal of this run cannot be written (${code}). Work goes on, but what happens now is not remembered.`;
      deliver({ seq: ++seq, time: now(), type: 'notice', level: 'error', text });
      return false;
    }
  };

  return {
    emit(body) {
      const event = { seq: ++seq, time: now(), ...body } as LabEvent;
      if (!isPassing(body)) record(event);
      deliver(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setJournal(next) {
      journal = next;
      seq = next?.lastSeq ?? 0;
      complained = false;
    },
  };
}

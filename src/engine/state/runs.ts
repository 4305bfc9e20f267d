import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-file.js';
import { type JournalContents, readJournal } from './journal.js';

/** A run: a sequence of attempts with its journal and the full output of its actions. */
export interface RunFiles {
  id: string;
  directory: string;
  journal: string;
  outputDirectory: string;
}

/** The runs of a lab, in `<lab>/runs/<id>/`. Ids sort by time. */
export class Runs {
  constructor(private readonly directory: string) {}

  /** The run that goes on; a first one is begun where there is none. */
  async current(now = new Date()): Promise<RunFiles> {
    const id = this.currentId();
    return id === undefined ? await this.startNew(now) : this.files(id);
  }

  /** The run that goes on, if there is one. Changes nothing. */
  peek(): RunFiles | undefined {
    const id = this.currentId();
    return id === undefined ? undefined : this.files(id);
  }

  async startNew(now = new Date()): Promise<RunFiles> {
    const taken = new Set(this.list());
    const stamp = now.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
    let id = stamp;
    for (let n = 2; taken.has(id); n++) id = `${stamp}-${n}`;
    const files = this.files(id);
    mkdirSync(files.outputDirectory, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(this.directory, 'current'), `${id}\n`);
    return files;
  }

  /** What happened in the run that goes on. Changes nothing. */
  history(): JournalContents {
    const run = this.peek();
    return run === undefined ? { events: [], faults: [] } : readJournal(run.journal);
  }

  private list(): string[] {
    try {
      return readdirSync(this.directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort();
    } catch {
      return [];
    }
  }

  /** The file `current` says it; if that is lost or wrong, the newest run goes on. */
  private currentId(): string | undefined {
    const runs = this.list();
    let id = '';
    try {
      id = readFileSync(join(this.directory, 'current'), 'utf8').trim();
    } catch {
      // None was begun yet, or the file is lost.
    }
    return runs.includes(id) ? id : runs.at(-1);
  }

  private files(id: string): RunFiles {
    const directory = join(this.directory, id);
    return { id, directory, journal: join(directory, 'events.ndjson'), outputDirectory: join(directory, 'output') };
  }
}

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeFileAtomic } from '../state/atomic-file.js';

/** When a machine was last powered on (milliseconds since the epoch) and where in its console log that was (bytes). */
export interface Boot {
  time: number;
  offset: number;
}

/** Remembers power-ons beside the machine's disk, so that another process can tell its uptime and boot stage. */
export class Boots {
  constructor(private readonly labDirectory: string) {}

  async begin(machine: string, consoleLog: string): Promise<Boot> {
    const offset = await stat(consoleLog).then(
      ({ size }) => size,
      () => 0,
    );
    const boot = { time: Date.now(), offset };
    await writeFileAtomic(this.file(machine), `${JSON.stringify(boot)}\n`);
    return boot;
  }

  async last(machine: string): Promise<Boot | undefined> {
    return readJson(this.file(machine), isBoot);
  }

  private file(machine: string): string {
    return join(this.labDirectory, 'machines', machine, 'boot.json');
  }
}

function isBoot(value: unknown): value is Boot {
  const boot = value as Partial<Boot> | null;
  return typeof boot?.time === 'number' && typeof boot.offset === 'number';
}

import { join } from 'node:path';
import { ipv4 } from '../config/ipv4.js';
import type { MachineConfig } from '../config/lab-config.js';
import { createOneAtATime } from '../one-at-a-time.js';
import { abortable } from '../ssh/abortable.js';
import { readJson, writeFileAtomic } from '../state/atomic-file.js';
import type { MayuOptions } from './mayu-client.js';
import type { MayuHost } from './mayu-host.js';

export interface NodeAddressParts {
  labDirectory: string;
  machines: readonly MachineConfig[];
  /** Asks Mayu. */
  hosts(options: MayuOptions): Promise<MayuHost[]>;
  /** Names of machines that exist: what Mayu remembers of a destroyed one is of no use. */
  existing(): Promise<ReadonlySet<string>>;
}

type Known = Record<string, { serial: string; ip: string }>;

/** The addresses that Mayu gave to nodes, in nodes.json, so that nodes are reached also while Mayu is down. */
export class NodeAddresses {
  private asked: { since: number; pending: boolean; answer: Promise<MayuHost[]> } | undefined;

  private readonly inTurn = createOneAtATime();

  constructor(private readonly parts: NodeAddressParts) {}

  /** The address of a machine as far as it is known without asking. */
  async known({ name, serial, ip }: MachineConfig): Promise<string | undefined> {
    if (ip !== undefined) return ip;
    const found = (await this.read())[name];
    // A machine with another serial is another machine to Mayu, and gets another address.
    return found?.serial === serial ? found.ip : undefined;
  }

  /**
   * Asks Mayu and remembers what it says. Several who ask at once share one question; an answer, or a failure, younger than
   * `maxAge` milliseconds is taken again. Rejects as MayuClient.hosts does, or with the signal's reason.
   */
  async ask({ maxAge = 0, signal, timeout }: MayuOptions & { maxAge?: number } = {}): Promise<MayuHost[]> {
    if (this.asked === undefined || !(this.asked.pending || Date.now() - this.asked.since < maxAge)) {
      const asked = { since: Date.now(), pending: true, answer: this.fetch(timeout) };
      this.asked = asked;
      const end = () => {
        asked.pending = false;
      };
      asked.answer.then(end, end);
    }
    return abortable(this.asked.answer, signal);
  }

  /** What a machine was told at its installation is gone with its disk. */
  async forget(name: string): Promise<void> {
    this.asked = undefined;
    await this.change((known) => {
      const { [name]: _gone, ...rest } = known;
      return rest;
    });
  }

  private async fetch(timeout: number | undefined): Promise<MayuHost[]> {
    const hosts = await this.parts.hosts(timeout === undefined ? {} : { timeout });
    await this.record(hosts);
    return hosts;
  }

  /** Remembers the addresses in an answer of Mayu. */
  async record(hosts: readonly MayuHost[]): Promise<void> {
    const existing = await this.parts.existing();
    await this.change((known) => {
      const after = { ...known };
      for (const { name, serial } of this.parts.machines) {
        const ip = hosts.find(({ machine }) => machine === name)?.ip;
        if (ip !== undefined && existing.has(name)) after[name] = { serial, ip };
      }
      return after;
    });
  }

  /** Machines that are destroyed side by side are forgotten one after the other. */
  private change(update: (known: Known) => Known): Promise<void> {
    return this.inTurn('', async () => {
      const before = await this.read();
      const after = update(before);
      if (JSON.stringify(after) === JSON.stringify(before)) return;
      await writeFileAtomic(this.file, `${JSON.stringify(after, null, 1)}\n`);
    });
  }

  private async read(): Promise<Known> {
    return (await readJson(this.file, isKnown)) ?? {};
  }

  private get file(): string {
    return join(this.parts.labDirectory, 'nodes.json');
  }
}

function isKnown(value: unknown): value is Known {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every(
    (each) => typeof each?.serial === 'string' && typeof each.ip === 'string' && ipv4(each.ip) !== undefined,
  );
}

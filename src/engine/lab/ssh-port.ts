import { createServer } from 'node:net';
import { join } from 'node:path';
import type { MachineConfig } from '../config/lab-config.js';
import type { EventSink } from '../events.js';
import { readJson, writeFileAtomic } from '../state/atomic-file.js';

/**
 * The loopback port that is forwarded to a machine's ssh. A port fixed in lab.yaml is used as it is; otherwise a free one is
 * chosen once and remembered, and chosen again when another program has taken it meanwhile.
 */
export class SshPorts {
  private readonly file: string;

  constructor(
    labDirectory: string,
    private readonly events: EventSink,
  ) {
    this.file = join(labDirectory, 'ssh-ports.json');
  }

  /** The port in use now or last; 0 when none was chosen yet. */
  async current(machine: MachineConfig): Promise<number> {
    return machine.sshPort || ((await this.remembered())[machine.name] ?? 0);
  }

  /** The port for a machine that is about to start. */
  async choose(machine: MachineConfig): Promise<number> {
    const current = await this.current(machine);
    if (machine.sshPort || (current !== 0 && (await isFree(current)))) return current;
    const port = await anyFreePort();
    if (current !== 0) {
      const text = `Port ${current} of this computer is used by another program now: ssh to ${machine.name} goes through ${port}.`;
      this.events.emit({ type: 'notice', level: 'warning', text });
    }
    await writeFileAtomic(this.file, `${JSON.stringify({ ...(await this.remembered()), [machine.name]: port })}\n`);
    return port;
  }

  private async remembered(): Promise<Record<string, number>> {
    return (await readJson(this.file, isPorts)) ?? {};
  }
}

function isPorts(value: unknown): value is Record<string, number> {
  return typeof value === 'object' && value !== null && Object.values(value).every(Number.isSafeInteger);
}

function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  );
}

function anyFreePort(): Promise<number> {
  return listenOnce(0);
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

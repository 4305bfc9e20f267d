import { readFile } from 'node:fs/promises';
import { LabError } from '../../errors.js';
import { availableMiB, hypervisorOverheadMiB } from '../../memory.js';

export interface RunningMachine {
  pid: number;
  memoryMiB: number;
}

export interface MemoryQuestion {
  machine: string;
  memoryMiB: number;
  emulated: boolean;
  /** Machines that run already: what they were promised and have not touched yet is not available. */
  running: readonly RunningMachine[];
  /** MiB promised to machines that are being started at this moment. */
  reserved: number;
}

/** Throws NOT_ENOUGH_MEMORY when the machine would push the host into swap or the out-of-memory killer. */
export async function checkMemory(question: MemoryQuestion, available: number = availableMiB()): Promise<void> {
  const overhead = hypervisorOverheadMiB(question.emulated);
  const growth = await Promise.all(
    question.running.map(async ({ pid, memoryMiB }) => {
      const resident = await residentMiB(pid);
      return resident === undefined ? 0 : Math.max(0, memoryMiB + overhead - resident);
    }),
  );
  const promised = growth.reduce((sum, each) => sum + each, question.reserved);
  const needed = question.memoryMiB + overhead;
  const free = Math.max(0, available - promised);
  if (needed <= free) return;
  const others = promised > 0 ? ` (${available} MiB less ${promised} MiB promised to machines that run)` : '';
  throw new LabError({
    code: 'NOT_ENOUGH_MEMORY',
    message: `${question.machine} needs ${needed} MiB of memory, ${free} MiB are available${others}.`,
    remedy: [
      'Close other programs or halt machines that are not needed now.',
      `Or give ${question.machine} less than ${question.memoryMiB} MiB in lab.yaml.`,
    ],
    machine: question.machine,
  });
}

/** Resident memory of a process in MiB; undefined where the system does not tell. */
async function residentMiB(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const match = /^VmRSS:\s+(\d+) kB/m.exec(status);
  return match === null ? undefined : Math.floor(Number(match[1]) / 1024);
}

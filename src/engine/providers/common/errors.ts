import { LabError } from '../../errors.js';

export function notCreated(machine: string): LabError {
  return new LabError({
    code: 'MACHINE_NOT_CREATED',
    message: `${machine} does not exist yet.`,
    remedy: [`coreos-lab up ${machine}`],
    machine,
  });
}

export function notRunning(machine: string, action: string): LabError {
  return new LabError({
    code: 'MACHINE_NOT_RUNNING',
    message: `${machine} is not running, so it cannot ${action}.`,
    remedy: [`coreos-lab up ${machine}`],
    machine,
  });
}

export function shutdownTimeout(machine: string, timeout: number): LabError {
  return new LabError({
    code: 'SHUTDOWN_TIMEOUT',
    message: `${machine} did not shut down within ${Math.round(timeout / 1000)} s and keeps running.`,
    remedy: [`coreos-lab halt --force ${machine} pulls the plug.`, `coreos-lab console ${machine} shows what it does.`],
    machine,
  });
}

export function portTaken(machine: string, port: number): LabError {
  return new LabError({
    code: 'PORT_TAKEN',
    message: `Port ${port} on 127.0.0.1, which ${machine} needs for ssh, is used by another program.`,
    remedy: [
      `Find the program (ss -ltnp 'sport = :${port}') and end it.`,
      `Or give ${machine} another sshPort in lab.yaml (0 takes any free port).`,
    ],
    machine,
  });
}

export function diskFull(what: string, directory: string, machine: string | undefined, evidence: string): LabError {
  return new LabError({
    code: 'DISK_FULL',
    message: `The disk that holds ${directory} is full: ${what}.`,
    remedy: [
      'Free some space (coreos-lab image list, docker system prune, the trash) and run the command again.',
      'Or discard savepoints that are not needed any more.',
    ],
    ...(machine === undefined ? {} : { machine }),
    evidence: lastLines(evidence),
  });
}

export function imageMissing(machine: string, file: string): LabError {
  return new LabError({
    code: 'IMAGE_MISSING',
    message: `The image ${file} for ${machine} is missing.`,
    remedy: ['coreos-lab setup', 'coreos-lab image build'],
    machine,
  });
}

export function ignitionMissing(machine: string, file: string): LabError {
  return new LabError({
    code: 'IGNITION_MISSING',
    message: `The Ignition config ${file} of ${machine} is missing.`,
    remedy: [`coreos-lab up ${machine} writes it anew.`],
    machine,
  });
}

export function savepointMissing(savepoint: string, names: readonly string[]): LabError {
  return new LabError({
    code: 'SAVEPOINT_MISSING',
    message: `There is no savepoint ${savepoint}.`,
    remedy: [names.length === 0 ? 'No savepoint was made yet.' : `There are: ${names.join(', ')}.`],
    exitCode: 2,
  });
}

/** Runs a task that writes files and turns what the file system refuses into an error that names the directory. */
export async function withFileErrors<T>(
  machine: string | undefined,
  directory: string,
  task: () => Promise<T>,
): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof LabError || code === undefined || !/^E[A-Z0-9]+$/.test(String(code))) throw error;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull('nothing could be written', directory, machine, message);
    throw new LabError({
      code: 'STATE_NOT_WRITABLE',
      message: `The lab's files in ${directory} cannot be changed: ${message}.`,
      remedy: ['Check owner and mode of that directory, or set XDG_STATE_HOME and XDG_RUNTIME_DIR to others.'],
      exitCode: 2,
      cause: error,
      ...(machine === undefined ? {} : { machine }),
    });
  }
}

const NO_SPACE = /no space left on device|disk quota exceeded|ENOSPC/i;

export function isNoSpace(text: string): boolean {
  return NO_SPACE.test(text);
}

/** The last lines of what a program printed, as evidence. */
export function lastLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-20);
}

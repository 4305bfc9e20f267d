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

export function notAnswering(machine: string, action: string, cause: unknown): LabError {
  return new LabError({
    code: 'QEMU_NOT_ANSWERING',
    message: `QEMU of ${machine} did not ${action}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    remedy: [`Try again; if it stays like that: coreos-lab halt --force ${machine}`],
    machine,
    cause,
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
    evidence: lines(evidence),
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

/** Turns what QEMU printed when it refused to start into an error that says what to do. */
export function startFailed(
  machine: string,
  stderr: string,
  context: { sshPort?: number; directory: string },
): LabError {
  if (/Could not set up host forwarding rule/i.test(stderr) && context.sshPort !== undefined) {
    return portTaken(machine, context.sshPort);
  }
  if (isNoSpace(stderr)) return diskFull(`${machine} could not be started`, context.directory, machine, stderr);
  const words = lines(stderr).at(-1) ?? 'it printed nothing';
  const shared = { machine, evidence: lines(stderr) };
  if (/cannot allocate memory|cannot set up guest memory/i.test(stderr)) {
    return new LabError({
      code: 'NOT_ENOUGH_MEMORY',
      message: `QEMU got no memory for ${machine} from the system: ${words}`,
      remedy: ['Close other programs, halt other machines, or give this machine less memory in lab.yaml.'],
      ...shared,
    });
  }
  if (/Failed to get ".*" lock|Is another process using the image/i.test(stderr)) {
    return new LabError({
      code: 'DISK_IN_USE',
      message: `The disk of ${machine} is used by another process: ${words}`,
      remedy: [`Find it with: fuser -v ${context.directory}/disk.qcow2`],
      ...shared,
    });
  }
  return new LabError({
    code: 'QEMU_START_FAILED',
    message: `QEMU did not start ${machine}: ${words}`,
    remedy: [
      'coreos-lab doctor',
      `If the machine is damaged: coreos-lab destroy ${machine}, then coreos-lab up ${machine}`,
    ],
    ...shared,
  });
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-20);
}

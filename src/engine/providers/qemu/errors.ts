import { LabError } from '../../errors.js';
import { diskFull, isNoSpace, lastLines, portTaken } from '../common/errors.js';

export function notAnswering(machine: string, action: string, cause: unknown): LabError {
  return new LabError({
    code: 'QEMU_NOT_ANSWERING',
    message: `QEMU of ${machine} did not ${action}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    remedy: [`Try again; if it stays like that: coreos-lab halt --force ${machine}`],
    machine,
    cause,
  });
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
  const words = lastLines(stderr).at(-1) ?? 'it printed nothing';
  const shared = { machine, evidence: lastLines(stderr) };
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

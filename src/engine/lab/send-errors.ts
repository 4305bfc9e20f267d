import { LabError } from '../errors.js';
import type { SshTarget } from '../ssh/ssh.js';
import type { FileToSend } from './send-file.js';

export function arrivedDamaged({ machine }: SshTarget, { title, remote }: FileToSend): LabError {
  return new LabError({
    code: 'IMAGE_CORRUPT',
    message: `${title} arrived damaged on ${machine}: its SHA-256 is wrong. It was thrown away; ${remote} is as it was before.`,
    remedy: [
      'Run the command again.',
      `If it happens again, look at the disk of ${machine}: coreos-lab exec ${machine} -- df -h`,
    ],
    machine,
  });
}

export function damagedHere({ title, local, remake }: FileToSend): LabError {
  return new LabError({
    code: 'IMAGE_CORRUPT',
    message: `${title} is damaged on this computer: the SHA-256 of ${local} is wrong. It was not sent on.`,
    remedy: remake,
  });
}

export function noRoom({ machine }: SshTarget, { title, bytes }: FileToSend, found: string): LabError {
  return new LabError({
    code: 'NO_ROOM_THERE',
    message: `The disk of ${machine} has no room for ${title}, which needs ${Math.ceil(bytes / 1e6)} MB.`,
    ...(found.trim() === '' ? {} : { why: `Free bytes there: ${found.trim().split('\n').at(-1)}` }),
    remedy: [
      `See what fills it: coreos-lab exec ${machine} -- sudo du -xh --max-depth=2 /var/lib`,
      `Or give it a greater disk in lab.yaml and make it anew: coreos-lab destroy ${machine}, then coreos-lab up ${machine}`,
    ],
    machine,
  });
}

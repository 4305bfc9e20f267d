import { MayuDown } from '../cluster/mayu-down.js';
import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import type { BootStage } from '../events.js';

export interface LateBoot {
  machine: MachineConfig;
  /** Name of the provisioner. */
  provisioner: string;
  stage: BootStage | undefined;
  /** Milliseconds that were waited. */
  timeout: number;
  /** What was in the way of the last try. */
  reason: string;
  /** Where ssh was tried; undefined = the node has no address. */
  host: string | undefined;
  /** Why Mayu cannot be asked. */
  mayu: LabError | undefined;
  evidence: string[];
}

/** A machine did not answer on ssh in time: how far it came, what that means, and what to do about it. */
export function bootTimeout(late: LateBoot): LabError {
  const { machine, stage = 'power-on', timeout, evidence } = late;
  const { why, remedy } = machine.role === 'node' ? nodeCause(late, stage) : { why: late.reason, remedy: [] };
  return new LabError({
    code: 'BOOT_TIMEOUT',
    message: `${machine.name} did not answer on ssh within ${Math.round(timeout / 1000)} s; it came as far as the stage "${stage}".`,
    ...(why === '' ? {} : { why }),
    remedy: [
      ...remedy,
      `Look at its console: coreos-lab console ${machine.name}`,
      `If it still moves, the computer is busy; wait on: coreos-lab up ${machine.name}`,
      `Start it anew: coreos-lab reload ${machine.name}`,
      `If that does not help, make it anew: coreos-lab destroy ${machine.name}, then coreos-lab up ${machine.name}`,
    ],
    machine: machine.name,
    evidence,
  });
}

/** What usually is in the way of a node at a stage. */
function nodeCause(late: LateBoot, stage: BootStage): { why: string; remedy: string[] } {
  const { provisioner, mayu, reason } = late;
  const logs = `See what Mayu and its DHCP server say: coreos-lab exec ${provisioner} -- sudo journalctl -u mayu -n 30`;
  if (mayu instanceof MayuDown && late.host === undefined) {
    return {
      why: `Its disk is blank and nobody answers its request for an address. ${sentences(mayu)}`,
      remedy: mayu.remedy,
    };
  }
  if (mayu !== undefined && late.host === undefined) return { why: sentences(mayu), remedy: mayu.remedy };
  switch (stage) {
    case 'power-on':
    case 'firmware':
    case 'dhcp':
      return {
        why: 'Nobody answers its request for an address (DHCP), although Mayu runs.',
        remedy: [`Start Mayu's DHCP server again: coreos-lab exec ${provisioner} -- sudo systemctl restart mayu`, logs],
      };
    case 'ipxe':
    case 'kernel':
    case 'initrd':
      return {
        why: 'It was given an address and was loading its system over the network.',
        remedy: [`See whether the image is there: coreos-lab exec ${provisioner} -- ls -lR /var/lib/mayu/images`, logs],
      };
    case 'ignition':
    case 'install':
      return {
        why: 'It is still being installed, or its installation failed.',
        remedy: ['If its console still shows progress, run the step again: the wait goes on where it ended.', logs],
      };
    default:
      return { why: reason, remedy: [] };
  }
}

function sentences(error: LabError): string {
  return [error.message, error.why].filter((text) => text !== undefined).join(' ');
}

import type { MachineConfig } from '../config/lab-config.js';
import type { Trouble } from '../console/boot-troubles.js';
import { LabError } from '../errors.js';

/** A machine gave up by itself: what it said, what that means, and what to do about it. */
export function troubleError(
  machine: MachineConfig,
  provisioner: string,
  trouble: Trouble,
  evidence: string[] = [],
): LabError {
  const { name } = machine;
  const make = (fields: { code: string; message: string; why?: string; remedy: string[] }) =>
    new LabError({
      ...fields,
      remedy: [...fields.remedy, `Look at its console: coreos-lab console ${name}`],
      machine: name,
      evidence,
    });
  switch (trouble.kind) {
    case 'install':
      return make({
        code: 'INSTALL_FAILED',
        message: `${name} was not installed: ${trouble.reason}.`,
        ...installCause(name, provisioner, trouble.reason),
      });
    case 'boot':
      return make({
        code: 'BOOT_FAILED',
        message: `${name} gave up its boot: ${trouble.reason}.`,
        why: 'It starts again by itself.',
        remedy: bootRemedy(machine, provisioner, trouble.reason),
      });
    case 'silent':
      return make({
        code: 'BOOT_SILENT',
        message: `${name} has printed nothing for ${trouble.reason}, in the middle of its boot.`,
        why: 'Now and then a machine hangs, above all an emulated one on a busy computer.',
        remedy: [`Reset it; it begins its boot again, and the others do not care: coreos-lab reset ${name}`],
      });
    case 'nothing': {
      const blank = machine.role === 'node';
      const lacking = blank ? ': its disk has no system, and nobody on the network gave it one' : ' on its disk';
      return make({
        code: 'NOTHING_TO_BOOT',
        message: `${name} finds nothing to boot${lacking}.`,
        why: 'It tries again by itself.',
        remedy: !blank
          ? [anew(name)]
          : [
              'See whether Mayu runs: coreos-lab mayu status',
              logs(provisioner),
              'Set Mayu up by lesson 2: coreos-lab run bootstrap',
            ],
      });
    }
  }
}

function installCause(name: string, provisioner: string, reason: string): { why?: string; remedy: string[] } {
  const again = `Then start it anew: coreos-lab reload ${name}`;
  if (/\b[GM]iB\b|no disk/.test(reason)) {
    return {
      why: 'Its disk has to hold two copies of the system and its data.',
      remedy: [
        `Give it more in lab.yaml (disk: 8, in GiB), then make it anew: coreos-lab destroy ${name}, then coreos-lab up ${name}`,
      ],
    };
  }
  if (/damaged|not what was built/.test(reason)) {
    return {
      why: 'What it was sent over the network is not the image. Its disk was not touched.',
      remedy: ['Send the image to the provisioner again: coreos-lab image send', again],
    };
  }
  if (/configuration|Ignition/i.test(reason)) {
    return { why: 'Mayu gave it no configuration that can be used.', remedy: [logs(provisioner), again] };
  }
  return { remedy: [`Start it anew: coreos-lab reload ${name}`, anew(name)] };
}

function bootRemedy({ name, role }: MachineConfig, provisioner: string, reason: string): string[] {
  if (role === 'provisioner') return [anew(name)];
  if (/configuration|DHCP/.test(reason)) return [logs(provisioner)];
  if (/memory/.test(reason)) return [`Give ${name} more memory in lab.yaml, then: coreos-lab reload ${name}`];
  if (/squashfs/.test(reason)) return ['Send the image to the provisioner again: coreos-lab image send'];
  return [anew(name)];
}

const anew = (name: string) => `Make it anew: coreos-lab destroy ${name}, then coreos-lab up ${name}`;
const logs = (provisioner: string) =>
  `See what Mayu and its DHCP server say: coreos-lab exec ${provisioner} -- sudo journalctl -u mayu -n 30`;

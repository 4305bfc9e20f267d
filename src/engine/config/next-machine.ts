import { imageDefinition } from '../images/image-definition.js';
import { defaultSerial } from './defaults.js';
import type { LabConfig, MachineConfig } from './lab-config.js';

/** One more node, as large as the last one: the next free name (core-04) unless one is given, and the next free MAC. */
export function nextMachine(config: LabConfig, name?: string): MachineConfig {
  const nodes = config.machines.filter(({ role }) => role === 'node');
  const last = nodes.at(-1);
  const { memory, cpus, disk } = last ?? imageDefinition(config.image.name).machines.node;
  const mac = nextMac(config.machines, last?.mac ?? config.machines[0]?.mac ?? '08:00:27:8e:15:89');
  return {
    name: name ?? nextName(config.machines, last?.name ?? 'core-00'),
    role: 'node',
    memory,
    cpus,
    disk,
    mac,
    serial: defaultSerial(mac),
    added: true,
  };
}

/** core-03 → core-04; a name without a number gets one. */
function nextName(machines: readonly MachineConfig[], last: string): string {
  const [, stem = '', digits = ''] = /^(.*?)(\d*)$/.exec(last) ?? [];
  const prefix = digits === '' ? `${stem}-` : stem;
  for (let number = Number(digits) + 1; ; number++) {
    const name = `${prefix}${String(number).padStart(Math.max(digits.length, digits === '' ? 2 : 1), '0')}`;
    if (!machines.some((machine) => machine.name === name)) return name;
  }
}

/** The first free MAC after `last`, which counts in its last three bytes. */
function nextMac(machines: readonly MachineConfig[], last: string): string {
  const bytes = last.split(':');
  const vendor = bytes.slice(0, 3).join(':');
  for (let number = Number.parseInt(bytes.slice(3).join(''), 16) + 1; ; number++) {
    const hex = (number % 0x1000000).toString(16).padStart(6, '0');
    const mac = `${vendor}:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
    const serial = defaultSerial(mac);
    if (!machines.some((machine) => machine.mac === mac || machine.serial.toLowerCase() === serial)) return mac;
  }
}

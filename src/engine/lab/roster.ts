import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMachineName, saveAddedMachines } from '../config/added.js';
import { checkConfig } from '../config/check.js';
import type { MachineConfig } from '../config/lab-config.js';
import { nextMachine } from '../config/next-machine.js';
import { LabError } from '../errors.js';
import type { OperationOptions } from '../lab.js';
import { provisionerOf } from './machines.js';
import type { Power, PowerParts } from './power.js';
import { sshTarget } from './targets.js';

/** Adds machines that lab.yaml does not declare, and removes them again. */
export class Roster {
  constructor(
    private readonly parts: PowerParts,
    private readonly power: Power,
  ) {}

  /** See Lab.add. */
  async add(name?: string): Promise<MachineConfig> {
    const { config, events, paths } = this.parts;
    const present = config.machines.find((machine) => machine.name === name);
    if (present !== undefined) {
      const how = present.added ? 'was added before' : 'is declared in lab.yaml';
      events.emit({ type: 'notice', level: 'info', text: `${present.name} ${how}: nothing to add.` });
      return present;
    }
    if (name !== undefined && !isMachineName(name)) throw badName(name);
    const machine = nextMachine(config, name);
    const [fault] = checkConfig({ ...config, machines: [...config.machines, machine] });
    if (fault !== undefined) throw noPlace(machine, `${fault.path.join('.')} ${fault.message}`);
    // The same list is what everybody looks at.
    config.machines.push(machine);
    try {
      await saveAddedMachines(config, paths.labDirectory);
    } catch (error) {
      config.machines.splice(config.machines.indexOf(machine), 1);
      throw error;
    }
    events.emit({ type: 'machine', machine: machine.name, state: 'not_created', detail: 'added to the lab' });
    const text = `${machine.name} was added: MAC ${machine.mac}, serial ${machine.serial}. Start it: coreos-lab up ${machine.name}`;
    events.emit({ type: 'notice', level: 'info', text });
    return machine;
  }

  /** See Lab.remove. It is forgotten last, so that a removal that was cut off completes when it is repeated. */
  async remove(name: string, { signal }: OperationOptions = {}): Promise<void> {
    const { config, events, paths } = this.parts;
    const machine = config.machines.find((candidate) => candidate.name === name);
    if (machine === undefined) {
      if (!isMachineName(name)) throw badName(name);
      events.emit({
        type: 'notice',
        level: 'info',
        text: `There is no machine ${name} in the lab: nothing to remove.`,
      });
      return;
    }
    if (machine.added !== true) throw declared(name);
    await this.power.destroy([name]);
    await this.forgetAtMayu(machine, signal);
    const { labDirectory } = paths;
    const own = [
      join('machines', name),
      join('keys', `host_${name}_ed25519`),
      join('keys', `host_${name}_ed25519.pub`),
      join('ssh', `${name}.ssh_config`),
      join('ssh', `${name}.known_hosts`),
    ];
    for (const path of own) await rm(join(labDirectory, path), { recursive: true, force: true });
    config.machines.splice(config.machines.indexOf(machine), 1);
    await saveAddedMachines(config, labDirectory);
    events.emit({ type: 'machine', machine: name, state: 'not_created', detail: 'removed from the lab' });
  }

  /** Mayu reads its folders anew at each request, so what is removed there is forgotten at once. */
  private async forgetAtMayu(machine: MachineConfig, signal: AbortSignal | undefined): Promise<void> {
    const { access, config, events, ports, ssh } = this.parts;
    const { name, serial } = machine;
    const provisioner = provisionerOf(config);
    const folders = `/var/lib/mayu/cluster/${serial.toLowerCase()} /var/lib/mayu/files/${serial}`;
    const command = `sudo rm -rf ${folders}`;
    const say = (level: 'info' | 'warning', text: string) => events.emit({ type: 'notice', level, text });
    try {
      if (!(await access.provisionerRuns())) throw new LabError({ code: 'PROVISIONER_OFF', message: '', remedy: [] });
      const target = await sshTarget(this.parts, ports, provisioner);
      const result = await ssh.script(target, command, { timeout: 20_000, ...(signal && { signal }) });
      if (result.exitCode === 0) return say('info', `Mayu has forgotten ${name}: ${folders} are gone.`);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
    }
    const text = `${provisioner.name} cannot be reached, so Mayu still remembers ${name} and keeps its address and its place in a profile. Make it forget: coreos-lab exec ${provisioner.name} -- ${command}`;
    say('warning', text);
  }
}

function badName(name: string): LabError {
  return new LabError({
    code: 'BAD_MACHINE_NAME',
    message: `${JSON.stringify(name.slice(0, 60))} cannot be the name of a machine.`,
    remedy: ['Use 1 to 32 lower-case letters, digits or dashes, such as core-04; not "host".'],
    exitCode: 2,
  });
}

function noPlace({ name }: MachineConfig, why: string): LabError {
  return new LabError({
    code: 'NO_PLACE',
    message: `The lab has no place for ${name}.`,
    why: `With it, ${why}.`,
    remedy: [
      'Remove a machine that was added: coreos-lab remove MACHINE',
      'Or make network.nodePool larger in lab.yaml.',
    ],
    exitCode: 2,
  });
}

function declared(name: string): LabError {
  return new LabError({
    code: 'MACHINE_DECLARED',
    message: `${name} is declared in lab.yaml or in the default lab; only machines that were added can be removed.`,
    remedy: [
      `Remove it with its disk, but keep it in the lab: coreos-lab destroy ${name}`,
      'Or take it out of lab.yaml.',
    ],
    machine: name,
    exitCode: 2,
  });
}

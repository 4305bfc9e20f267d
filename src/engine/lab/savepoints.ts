import { LabError } from '../errors.js';
import type { OperationOptions, Savepoint } from '../lab.js';
import { selectMachines } from './machines.js';
import type { Power, PowerParts } from './power.js';
import { requireImage } from './specs.js';

/** Consistent snapshots of all machines that exist. */
export class Savepoints {
  constructor(
    private readonly parts: PowerParts,
    private readonly power: Power,
  ) {}

  async save(name: string, { signal }: OperationOptions = {}): Promise<void> {
    checkName(name);
    const machines = await this.existing();
    if (machines.length === 0) {
      throw new LabError({
        code: 'NOTHING_TO_SAVE',
        message: 'No machine exists yet, so there is nothing to save.',
        remedy: ['Start one: coreos-lab up core-provisioner'],
        exitCode: 2,
      });
    }
    const started = Date.now();
    await this.parts.provider.save(machines, name, { ...(signal && { signal }) });
    this.emit('saved', name, machines, started);
  }

  async restore(name: string, { signal }: OperationOptions = {}): Promise<void> {
    const savepoint = await this.find(name);
    const started = Date.now();
    const image = await requireImage(this.parts);
    const strangers = savepoint.machines.filter((each) => !this.isOfTheLab(each));
    if (strangers.length > 0) throw notOfTheLab(name, strangers);
    const machines = selectMachines(this.parts.config, savepoint.machines);
    const states = await this.power.states(machines);
    const specs = await Promise.all(
      machines.map((machine) => this.power.spec(machine, image.disk, states.get(machine.name) === 'running')),
    );
    await this.parts.provider.restore(specs, name, { ...(signal && { signal }) });
    this.emit('restored', name, savepoint.machines, started);
    await this.tellDifferences(savepoint);
  }

  async discard(name: string): Promise<void> {
    const savepoint = await this.find(name);
    const started = Date.now();
    await this.parts.provider.discard(savepoint.machines, name);
    this.emit('discarded', name, savepoint.machines, started);
  }

  async list(): Promise<Savepoint[]> {
    return this.parts.provider.savepoints(this.parts.config.machines.map(({ name }) => name));
  }

  private isOfTheLab(machine: string): boolean {
    return this.parts.config.machines.some(({ name }) => name === machine);
  }

  /** The lab is not what it was where machines came or went since; who goes on has to know. */
  private async tellDifferences({ name, machines, gone = [] }: Savepoint): Promise<void> {
    const existing = await this.existing();
    const warn = (text: string) => this.parts.events.emit({ type: 'notice', level: 'warning', text });
    for (const machine of existing.filter((each) => !machines.includes(each))) {
      warn(
        `${machine} is not in savepoint ${name} and stays as it is, though the others are as they were before it. Make it anew: coreos-lab destroy ${machine}, then coreos-lab up ${machine}`,
      );
    }
    for (const machine of new Set(gone.filter((each) => !existing.includes(each)))) {
      const [what, remedy] = this.isOfTheLab(machine)
        ? ['destroyed', `Make it anew: coreos-lab up ${machine}`]
        : ['removed', `Mayu and etcd may count on it again. Add it: coreos-lab add ${machine}`];
      warn(`${machine} was ${what} since ${name} was saved, and did not come back. ${remedy}`);
    }
  }

  private async existing(): Promise<string[]> {
    const states = await this.power.states(this.parts.config.machines);
    return [...states].filter(([, state]) => state !== 'not_created').map(([name]) => name);
  }

  private async find(name: string): Promise<Savepoint> {
    const all = await this.list();
    const savepoint = all.find((candidate) => candidate.name === name);
    if (savepoint !== undefined) return savepoint;
    throw new LabError({
      code: 'NO_SAVEPOINT',
      message: `There is no savepoint ${name}.`,
      remedy: [
        all.length === 0
          ? 'None was saved yet: coreos-lab snapshot save NAME'
          : `Saved are: ${all.map((candidate) => candidate.name).join(', ')}.`,
      ],
      exitCode: 2,
    });
  }

  private emit(action: 'saved' | 'restored' | 'discarded', name: string, machines: string[], started: number): void {
    this.parts.events.emit({ type: 'savepoint', action, name, machines, duration: Date.now() - started });
  }
}

function notOfTheLab(savepoint: string, machines: readonly string[]): LabError {
  const names = machines.join(', ');
  const [are, them] = machines.length === 1 ? ['which is no machine', 'it'] : ['which are no machines', 'them'];
  return new LabError({
    code: 'SAVEPOINT_MACHINES',
    message: `Savepoint ${savepoint} holds ${names}, ${are} of this lab any more.`,
    why: 'All machines of a savepoint are brought back together, or none.',
    remedy: [
      `Declare ${them} in lab.yaml again, as before, then restore.`,
      `Or give the savepoint up: coreos-lab snapshot discard ${savepoint}`,
    ],
    exitCode: 2,
  });
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(name)) return;
  throw new LabError({
    code: 'SAVEPOINT_NAME',
    message: `${JSON.stringify(name)} cannot be the name of a savepoint.`,
    remedy: ['Use up to 40 letters, digits, dots, dashes and underscores, beginning with a letter or digit.'],
    exitCode: 2,
  });
}

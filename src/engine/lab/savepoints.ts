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
    const machines = selectMachines(this.parts.config, savepoint.machines);
    const states = await this.power.states(machines);
    const specs = await Promise.all(
      machines.map((machine) => this.power.spec(machine, image.disk, states.get(machine.name) === 'running')),
    );
    await this.parts.provider.restore(specs, name, { ...(signal && { signal }) });
    this.emit('restored', name, savepoint.machines, started);
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

function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(name)) return;
  throw new LabError({
    code: 'SAVEPOINT_NAME',
    message: `${JSON.stringify(name)} cannot be the name of a savepoint.`,
    remedy: ['Use up to 40 letters, digits, dots, dashes and underscores, beginning with a letter or digit.'],
    exitCode: 2,
  });
}

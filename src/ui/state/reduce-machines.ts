import type { MachineStatus } from '../../engine/lab.js';
import { atGoal, withStage } from './boot-path.js';
import type { EventOf } from './event-types.js';
import type { LabState, MachineView } from './lab-state.js';

export function reduceMachine(state: LabState, event: EventOf<'machine'>): LabState {
  return updateMachine(state, event.machine, (old) => {
    const { detail: _detail, percent, since, ssh, usualRunning, etcd, waitsFor, ...rest } = old;
    const detail = event.detail === undefined ? {} : { detail: event.detail };
    if (event.state === 'starting' || (event.state === 'running' && !isUp(old.state))) {
      return { ...rest, state: event.state, since: event.time, stages: [], ...detail };
    }
    if (isUp(event.state)) {
      return {
        ...rest,
        state: event.state,
        ...(since === undefined ? {} : { since }),
        ...(ssh === undefined ? {} : { ssh }),
        ...(percent === undefined ? {} : { percent }),
        ...(usualRunning === undefined ? {} : { usualRunning }),
        ...(etcd === undefined ? {} : { etcd }),
        ...(waitsFor === undefined ? {} : { waitsFor }),
        ...detail,
      };
    }
    return { ...rest, state: event.state, stages: [], ...detail };
  });
}

export function reduceStage(state: LabState, event: EventOf<'stage'>): LabState {
  return updateMachine(state, event.machine, (old) => {
    const { percent: _percent, ssh: answered, etcd, waitsFor, usualRunning: known, ...rest } = old;
    const { stages, anew } = withStage(old.stages, event.stage);
    const ssh = event.stage === 'ssh' || (!anew && answered === true);
    const usualRunning = event.usual ?? (stages.length > 1 ? known : undefined);
    return {
      ...rest,
      // A stage is proof of life, whatever the last poll of the hypervisor said.
      state: isUp(old.state) && old.state !== 'starting' ? old.state : 'running',
      since: event.time - event.sinceStart,
      stages,
      ...(ssh ? { ssh } : {}),
      ...(etcd === undefined || anew ? {} : { etcd }),
      ...(waitsFor === undefined || anew ? {} : { waitsFor }),
      ...(usualRunning === undefined ? {} : { usualRunning }),
      ...(event.percent === undefined ? {} : { percent: event.percent }),
    };
  });
}

/** A wait that names a machine and ssh tells how long its boot usually takes. */
export function reduceUsual(state: LabState, event: EventOf<'wait'>): LabState {
  if (event.usual === undefined || !/ssh/.test(event.id + event.label)) return state;
  const named = state.machines.filter(({ name }) => event.id.includes(name) || event.label.includes(name));
  const booting = named.length > 0 ? named : state.machines.filter(isBooting);
  const { usual } = event;
  return booting.reduce(
    (before, { name, usual: known }) =>
      known === usual ? before : updateMachine(before, name, (old) => ({ ...old, usual })),
    state,
  );
}

/**
 * Takes over what a status query found; what events said later wins by coming later. It lists the whole lab: a machine that is
 * not in it was removed.
 */
export function applyStatus(before: LabState, status: readonly MachineStatus[], now: number): LabState {
  const machines = before.machines.filter(({ name }) => status.some((row) => row.name === name));
  const state = machines.length === before.machines.length ? before : { ...before, machines };
  return status.reduce(
    (before, row) =>
      updateMachine(before, row.name, (old) => {
        const { ip, ssh, since, ...rest } = old;
        const started = row.uptime === undefined ? since : now - row.uptime;
        const address = row.ip ?? ip;
        const reached = row.ssh ?? ssh;
        return {
          ...rest,
          state: row.state,
          stages: stages(old, row),
          ...(row.added ? { added: row.added } : {}),
          ...(address === undefined ? {} : { ip: address }),
          ...(reached === undefined || !isUp(row.state) ? {} : { ssh: reached }),
          ...(started === undefined || !isUp(row.state) ? {} : { since: started }),
        };
      }),
    state,
  );
}

function stages(old: MachineView, row: MachineStatus): MachineView['stages'] {
  if (!isUp(row.state)) return [];
  if (row.stage === undefined || old.stages.includes(row.stage)) return old.stages;
  return [...old.stages, row.stage];
}

export function isUp(state: MachineView['state']): boolean {
  return state === 'starting' || state === 'running' || state === 'paused' || state === 'stopping';
}

/** Powered on, seen booting, and not yet where its boot leads. */
export function isBooting(machine: MachineView): boolean {
  return machine.state === 'starting' || (machine.state === 'running' && !atGoal(machine));
}

function updateMachine(state: LabState, name: string, update: (old: MachineView) => MachineView): LabState {
  const index = state.machines.findIndex((machine) => machine.name === name);
  if (index === -1) {
    const fresh: MachineView = { name, role: 'node', state: 'not_created', stages: [] };
    return { ...state, machines: [...state.machines, update(fresh)] };
  }
  return { ...state, machines: state.machines.with(index, update(state.machines[index] as MachineView)) };
}

import type { ClusterState } from '../../engine/cluster/cluster-state.js';
import type { UpdatesState } from '../../engine/updates/updates-state.js';
import type {
  ActionStatus,
  BootStage,
  CheckEvent,
  Failure,
  NoticeLevel,
  PowerState,
  ProgressUnit,
  StepStatus,
} from './event-types.js';

/** One machine as panes show it. Times are epoch milliseconds. */
export interface MachineView {
  name: string;
  role: 'provisioner' | 'node';
  state: PowerState;
  detail?: string;
  ip?: string;
  /** undefined = not asked yet. */
  ssh?: boolean;
  /** When it was powered on, while it is up. */
  since?: number;
  /** Stages that this boot passed, in order; the last one is the present one. */
  stages: readonly BootStage[];
  percent?: number;
  /** Not declared in lab.yaml: it can be removed from the lab. */
  added?: true;
  /** Median time that this machine takes until ssh, milliseconds. */
  usual?: number;
  /** The same until it does what it is for, on the way that it takes. */
  usualRunning?: number;
  /** What Mayu makes of it. */
  profile?: string;
  /** How its etcd member is; undefined = none is known. */
  etcd?: 'leader' | 'healthy' | 'ill';
  /** Machines without which its etcd cannot begin: `core-02 or core-03`. */
  waitsFor?: string;
}

export interface WaitView {
  id: string;
  label: string;
  since: number;
  usual?: number;
  /** Set when it ended. */
  ended?: number;
  ok?: boolean;
}

export interface ProgressView {
  id: string;
  label: string;
  done: number;
  total?: number;
  unit: ProgressUnit;
  /** Milliseconds left. */
  eta?: number;
  finished: boolean;
}

export interface ActionView {
  id: string;
  executor: string;
  on?: string;
  source?: string;
  native?: readonly string[];
  status: ActionStatus;
  started: number;
  duration?: number;
  exitCode?: number;
  failure?: Failure;
  checks: readonly CheckEvent[];
  waits: readonly WaitView[];
  progress: readonly ProgressView[];
  /** The end of its output, a few lines. */
  tail: string;
}

export interface AttemptView {
  attempt: number;
  status: StepStatus;
  started: number;
  duration?: number;
  failure?: Failure;
  actions: readonly ActionView[];
}

/** A step's last attempt; attempts count from 1. */
export interface StepView {
  lesson: string;
  step: string;
  status: StepStatus;
  latest?: AttemptView;
}

export interface NoticeView {
  time: number;
  level: NoticeLevel;
  text: string;
  failure?: Failure;
}

/** What all events so far amount to. Immutable: unchanged parts stay the same objects. */
export interface LabState {
  seq: number;
  machines: readonly MachineView[];
  /** Mayu and etcd; undefined = nobody has looked yet. */
  cluster?: ClusterState;
  /** Update server, reboot lock and slots; undefined = nobody has looked yet. */
  updates?: UpdatesState;
  /** By `lesson/step`. */
  steps: Readonly<Record<string, StepView>>;
  /** Key of the step whose attempt runs. */
  running?: string;
  /** Waits and progress outside any action, by id: image builds before a lesson, clean-up, savepoints. */
  waits: readonly WaitView[];
  progress: readonly ProgressView[];
  notices: readonly NoticeView[];
  /** How many command lines were run; the lines are in a buffer of their own. */
  commands: number;
}

export const stepKey = (lesson: string, step: string) => `${lesson}/${step}`;

export function initialLabState(
  machines: readonly { name: string; role: MachineView['role']; ip?: string }[],
): LabState {
  return {
    seq: 0,
    machines: machines.map(({ name, role, ip }) => ({
      name,
      role,
      state: 'not_created',
      stages: [],
      ...(ip === undefined ? {} : { ip }),
    })),
    steps: {},
    waits: [],
    progress: [],
    notices: [],
    commands: 0,
  };
}

export function runningAction(attempt: AttemptView | undefined): ActionView | undefined {
  return attempt?.actions.findLast(({ status }) => status === 'started');
}

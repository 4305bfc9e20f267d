import type { ClusterState } from './cluster/cluster-state.js';
import type { UpdatesState } from './updates/updates-state.js';

/**
 * The spine of coreos-lab: everything that happens is one of these events. The journal appends them as NDJSON before
 * any reader sees them; UI state, headless output, the JSON stream and the JUnit report are folds over them.
 *
 * Times are milliseconds since the Unix epoch. Durations are milliseconds. Sizes are bytes.
 */

/** Power state of a machine as the provider sees it. `aborted`: its hypervisor process died without being asked to. */
export type PowerState = 'not_created' | 'poweroff' | 'starting' | 'running' | 'paused' | 'stopping' | 'aborted';

/**
 * Stages of a boot, in order; a machine passes a subset of them. Derived from its console and the wire. `reboot` and `disk` are those of a
 * machine that was just installed: to its boot from disk they are what `firmware` and `kernel` were to the one over the network.
 */
export type BootStage =
  | 'power-on'
  | 'firmware'
  | 'dhcp'
  | 'ipxe'
  | 'kernel'
  | 'initrd'
  | 'ignition'
  | 'install'
  | 'reboot'
  | 'disk'
  | 'system'
  | 'ssh'
  | 'etcd'
  | 'running';

/** Identifies one execution of a step: attempts of a step count from 1 within a run. */
export interface AttemptRef {
  lesson: string;
  step: string;
  attempt: number;
}

/** Identifies one action (fence) of an attempt; `action` is its name or `<executor>-<index>`, unique in its step. */
export interface ActionRef extends AttemptRef {
  action: string;
}

export type StepStatus = 'started' | 'passed' | 'failed' | 'cancelled' | 'interrupted' | 'skipped';
export type ActionStatus = 'started' | 'background' | 'passed' | 'failed' | 'cancelled' | 'skipped';

/** A failure as data, made from a LabError: what the failure card and `--json` show. */
export interface Failure {
  code: string;
  message: string;
  cause?: string;
  remedy: string[];
  docs?: string;
  /** The machine concerned, whose last console lines are the evidence. */
  machine?: string;
  /** Last lines of output or console, at most 20. */
  evidence?: string[];
}

export type LabEventBody =
  /** Power state of a machine changed. */
  | { type: 'machine'; machine: string; state: PowerState; detail?: string }
  /**
   * A machine reached a boot stage; with `percent` (0–100): how far the stage that it is in has come. Those are not journaled.
   * `usual` is the median time of earlier boots of this kind from power-on to the stage `running`.
   */
  | { type: 'stage'; machine: string; stage: BootStage; percent?: number; sinceStart: number; usual?: number }
  /** New bytes in machines/<name>/console.log: [offset, offset+length). The text is in the file, not here. */
  | { type: 'console'; machine: string; offset: number; length: number }
  /** Lesson steps: begins and ends of attempts. */
  | ({ type: 'step'; status: StepStatus; duration?: number; failure?: Failure } & AttemptRef)
  /** Actions within an attempt. `source` is the fence's body as written, `native` the hypervisor lines it turns into. */
  | ({
      type: 'action';
      status: ActionStatus;
      executor: string;
      on?: string;
      source?: string;
      native?: string[];
      exitCode?: number;
      duration?: number;
      failure?: Failure;
    } & ActionRef)
  /**
   * Output of an action, coalesced to at most ten events a second. All bytes are in runs/<id>/output/…; `text` is at most
   * the last 16 KiB of the new bytes (UTF-8, invalid bytes replaced), `skipped` says how many bytes `text` leaves out.
   */
  | ({ type: 'output'; stream: 'stdout' | 'stderr'; text: string; skipped?: number } & ActionRef)
  /** One bats test of a check. */
  | ({
      type: 'check';
      name: string;
      ok: boolean;
      skipped?: string;
      diagnostics?: string[];
      duration?: number;
    } & ActionRef)
  /** What a running action or a lab operation waits for. `usual` is the median of earlier waits. */
  | { type: 'wait'; id: string; label: string; since: number; usual?: number; done?: boolean; ok?: boolean }
  /** Long work with measurable progress: downloads, image builds, copies, snapshots. `total` undefined when unknown. */
  | {
      type: 'progress';
      id: string;
      label: string;
      done: number;
      total?: number;
      unit: 'bytes' | 'steps' | 'percent';
      eta?: number;
      finished?: boolean;
    }
  /** Every command line that was run: hypervisor, ssh, rsync. The command log shows them, copyable. */
  | { type: 'command'; line: string; machine?: string; exitCode?: number; duration?: number }
  /** Mayu's hosts or the etcd of the nodes are not as they were. */
  | ({ type: 'cluster' } & ClusterState)
  /** Update server, reboot lock or the updates of the nodes are not as they were. */
  | ({ type: 'updates' } & UpdatesState)
  | {
      type: 'savepoint';
      action: 'saved' | 'restored' | 'discarded';
      name: string;
      machines: string[];
      duration: number;
    }
  | { type: 'notice'; level: 'info' | 'warning' | 'error'; text: string; failure?: Failure };

/** `seq` counts from 1 within a run's journal; `time` is when it happened. */
export type LabEvent = { seq: number; time: number } & LabEventBody;

export type LabEventType = LabEventBody['type'];

/** Takes event bodies, stamps them, journals them, then hands them to every subscriber in order. */
export interface EventSink {
  emit(body: LabEventBody): void;
}

export interface EventSource {
  /** Calls `listener` for each event from now on; the returned function ends that. Listeners must not throw. */
  subscribe(listener: (event: LabEvent) => void): () => void;
}

export interface EventBus extends EventSink, EventSource {}

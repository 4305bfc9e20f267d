import type { LabEvent } from '../../engine/events.js';

export type { ActionStatus, BootStage, Failure, LabEvent, PowerState, StepStatus } from '../../engine/events.js';

/** One member of the union, by its type. */
export type EventOf<T extends LabEvent['type']> = Extract<LabEvent, { type: T }>;
export type CheckEvent = EventOf<'check'>;
export type NoticeLevel = EventOf<'notice'>['level'];
export type ProgressUnit = EventOf<'progress'>['unit'];

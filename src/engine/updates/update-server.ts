import * as v from 'valibot';
import { json } from './updates-script.js';
import type { InstanceStatus, ServerView, UpdateGroup } from './updates-state.js';

/** Nebraska's numbers, from 1. */
const STATUS: readonly InstanceStatus[] = [
  'undefined',
  'update_granted',
  'error',
  'complete',
  'installed',
  'downloaded',
  'downloading',
  'onhold',
];

/** Names are shown: nothing in them may steer a terminal. */
const name = v.pipe(
  v.string(),
  v.transform((text) => text.replace(/\p{Cc}/gu, '')),
);
const text = v.fallback(name, '');
const flag = v.fallback(v.boolean(), false);

/** Nebraska comes with a group for each of Flatcar's channels: of no interest as long as no machine is in it. */
const CHANNELS = ['alpha', 'beta', 'edge', 'lts', 'stable'];

const groupSchema = v.object({
  id: v.string(),
  name,
  track: text,
  rollout_in_progress: flag,
  policy_updates_enabled: flag,
  policy_safe_mode: flag,
  channel: v.fallback(
    v.nullish(v.object({ package: v.fallback(v.nullish(v.object({ version: name })), undefined) })),
    undefined,
  ),
});
const groupsSchema = v.object({ groups: v.array(v.unknown()) });

const instanceSchema = v.object({
  id: v.string(),
  ip: text,
  application: v.object({
    version: text,
    status: v.fallback(v.nullish(v.number()), undefined),
    last_check_for_updates: text,
  }),
});
const instancesSchema = v.object({ instances: v.array(v.unknown()) });

/** A machine as the update server knows it. */
export interface UpdateInstance extends ServerView {
  /** A machine id. */
  id: string;
  /** Where its requests came from. */
  ip: string;
}

export interface ServerAnswer {
  groups: UpdateGroup[];
  instances: UpdateInstance[];
}

/**
 * Reads the groups and, by the id of their group, the machines; what cannot be read of it is passed over. undefined when it does not come from an
 * update server.
 */
export function readServer(groups: string, instances: ReadonlyMap<string, string>): ServerAnswer | undefined {
  const list = v.safeParse(groupsSchema, json(groups));
  if (!list.success) return undefined;
  const answer: ServerAnswer = { groups: [], instances: [] };
  for (const { id, ...group } of readEach(groupSchema, list.output.groups)) {
    const machines = readInstances(instances.get(id) ?? '', group.name);
    if (machines.length === 0 && CHANNELS.includes(group.track)) continue;
    const version = group.channel?.package?.version;
    answer.instances.push(...machines);
    answer.groups.push({
      name: group.name,
      track: group.track,
      ...(version === undefined ? {} : { version }),
      enabled: group.policy_updates_enabled,
      safeMode: group.policy_safe_mode,
      rollout: group.rollout_in_progress,
      instances: machines.length,
    });
  }
  return answer;
}

function readInstances(answer: string, group: string): UpdateInstance[] {
  const list = v.safeParse(instancesSchema, json(answer));
  if (!list.success) return [];
  return readEach(instanceSchema, list.output.instances).map(({ id, ip, application }) => {
    const time = Date.parse(application.last_check_for_updates);
    return {
      id: machineId(id),
      ip,
      group,
      version: application.version,
      status: STATUS[(application.status ?? 1) - 1] ?? 'undefined',
      ...(Number.isNaN(time) ? {} : { time }),
    };
  });
}

/** Some write it with dashes. */
export function machineId(text: string): string {
  return text.replaceAll('-', '').toLowerCase();
}

function readEach<T extends v.GenericSchema>(schema: T, list: readonly unknown[]): v.InferOutput<T>[] {
  return list.flatMap((each) => {
    const result = v.safeParse(schema, each);
    return result.success ? [result.output] : [];
  });
}

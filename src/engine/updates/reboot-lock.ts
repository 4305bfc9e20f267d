import * as v from 'valibot';
import { machineId } from './update-server.js';
import { json } from './updates-script.js';
import type { RebootLock } from './updates-state.js';

const keySchema = v.object({ node: v.object({ value: v.string(), modifiedIndex: v.fallback(v.number(), 0) }) });
const missingSchema = v.object({ errorCode: v.literal(100) });
/** locksmith writes null for none. */
const semaphoreSchema = v.object({ holders: v.fallback(v.nullish(v.array(v.string())), undefined) });

/**
 * Reads what the etcd of each node answered for the semaphore. Each answers with what it has, a member that was cut off with what it had: the
 * latest change counts.
 */
export function readLock(answers: readonly string[]): RebootLock {
  let latest = -1;
  let lock: RebootLock = { state: 'unknown', holders: [] };
  for (const answer of answers) {
    const value = json(answer);
    const key = v.safeParse(keySchema, value);
    if (latest < 0 && v.is(missingSchema, value)) lock = { state: 'never', holders: [] };
    if (!key.success || key.output.node.modifiedIndex <= latest) continue;
    const semaphore = v.safeParse(semaphoreSchema, json(key.output.node.value));
    if (!semaphore.success) continue;
    latest = key.output.node.modifiedIndex;
    const holders = (semaphore.output.holders ?? []).map((id) => ({ id: machineId(id).replace(/\p{Cc}/gu, '') }));
    lock = { state: holders.length === 0 ? 'free' : 'held', holders };
  }
  return lock;
}

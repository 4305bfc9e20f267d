import * as v from 'valibot';
import type { EtcdMember, EtcdState } from './cluster-state.js';

/** IDs are 64-bit numbers, which the gateway writes as text. Fields that are empty, false or 0 are left out. */
const membersSchema = v.object({
  members: v.array(
    v.object({
      ID: v.string(),
      name: v.optional(v.string(), ''),
      clientURLs: v.optional(v.array(v.string()), []),
      peerURLs: v.optional(v.array(v.string()), []),
    }),
  ),
});
const statusSchema = v.object({
  header: v.object({ member_id: v.string() }),
  version: v.string(),
  leader: v.optional(v.string()),
  raftTerm: v.optional(v.string(), '0'),
});
const healthSchema = v.object({ health: v.string() });

type Members = v.InferOutput<typeof membersSchema>['members'];

/** What one etcd said of itself and the others. */
export interface EtcdAnswer {
  healthy: boolean;
  id?: string;
  leader?: string;
  term: bigint;
  members?: Members;
}

/**
 * Reads what one etcd answered to /health, /v3/cluster/member/list and /v3/maintenance/status: JSON objects, a line each, in any
 * order; what is none of the three is passed over. undefined when nothing of it came from an etcd.
 */
export function readEtcd(lines: readonly string[]): EtcdAnswer | undefined {
  const answer: EtcdAnswer = { healthy: false, term: 0n };
  let read = false;
  for (const line of lines) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      continue;
    }
    const health = v.safeParse(healthSchema, value);
    const members = v.safeParse(membersSchema, value);
    const status = v.safeParse(statusSchema, value);
    read ||= health.success || members.success || status.success;
    if (health.success) answer.healthy = health.output.health === 'true';
    if (members.success) answer.members = members.output.members;
    if (status.success) {
      answer.id = status.output.header.member_id;
      if (status.output.leader !== undefined) answer.leader = status.output.leader;
      if (/^\d+$/.test(status.output.raftTerm)) answer.term = BigInt(status.output.raftTerm);
    }
  }
  return read ? answer : undefined;
}

/**
 * The cluster as its members see it, by address of who answered. Members and leader are those of the latest term: a member that
 * was cut off still believes in the old ones. A member is healthy when it said so itself, which takes a majority.
 */
export function etcdState(answers: ReadonlyMap<string, EtcdAnswer>): EtcdState {
  const all = [...answers.values()].sort((a, b) => (a.term < b.term ? 1 : a.term > b.term ? -1 : 0));
  const healthy = all.filter((answer) => answer.healthy);
  const trusted = [...healthy, ...all];
  const members = trusted.find((answer) => answer.members !== undefined)?.members ?? [];
  const leader = trusted.find((answer) => answer.leader !== undefined)?.leader;
  const ids = new Map([...answers].map(([address, { id }]) => [id, address]));
  return {
    members: members
      .map(({ ID, name, clientURLs, peerURLs }): EtcdMember => {
        const address = ids.get(ID) ?? hostOf([...clientURLs, ...peerURLs]);
        return {
          name,
          ...(address === undefined ? {} : { address }),
          started: name !== '',
          healthy: healthy.some(({ id }) => id === ID),
          leader: ID === leader,
        };
      })
      .sort((a, b) => a.name.localeCompare(b.name) || (a.address ?? '').localeCompare(b.address ?? '')),
    quorum: healthy.length > 0,
  };
}

function hostOf([url]: string[]): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
}

import type { ClusterState, EtcdMember, EtcdState, MayuState } from './cluster-state.js';
import { quorumWaitText } from './quorum-wait.js';

/** `Mayu: up, serves DHCP` */
export function mayuSentence({ state, reason, dhcp, hosts }: MayuState): string {
  if (state === 'unknown') return `Mayu: not known. ${reason ?? ''}`.trimEnd();
  if (state === 'down') return `Mayu: down. ${reason ?? ''}`.trimEnd();
  const served = dhcp === false ? ', but nobody serves DHCP: restart it (sudo systemctl restart mayu)' : '';
  return `Mayu: up, ${count(hosts.length, 'machine')}${served}`;
}

/** `etcd: 3 members, 3 healthy, quorum, led by core-02` */
export function etcdSentence({ members, quorum, waits }: EtcdState): string {
  const wanted = waits === undefined ? '' : `; ${quorumWaitText(waits)}`;
  if (members.length === 0) return quorum ? 'etcd: healthy, members not known' : `etcd: no member answers${wanted}`;
  const healthy = members.filter((member) => member.healthy).length;
  const leader = members.find((member) => member.leader);
  const led = leader === undefined ? ', no leader' : `, led by ${leader.name || leader.address}`;
  return `etcd: ${count(members.length, 'member')}, ${healthy} healthy, ${quorum ? 'quorum' : 'no quorum'}${led}${wanted}`;
}

export function memberWord(member: EtcdMember): string {
  if (!member.started) return 'not started';
  return member.healthy ? 'healthy' : 'not healthy';
}

/** What `coreos-lab cluster` prints. */
export function clusterText({ mayu, etcd }: ClusterState): string {
  const hosts = mayu.hosts.map(({ machine, serial, ip, state, profile }) => [
    machine ?? '-',
    ip ?? '-',
    state,
    profile ?? '-',
    serial,
  ]);
  const members = etcd.members.map((member) => [
    member.name || '-',
    member.address ?? '-',
    memberWord(member),
    member.leader ? 'leader' : '',
  ]);
  return [mayuSentence(mayu), ...columns(hosts), '', etcdSentence(etcd), ...columns(members)].join('\n');
}

function columns(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ')}`.trimEnd(),
  );
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

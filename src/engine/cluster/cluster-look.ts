import { LabError } from '../errors.js';
import { type ClusterQuestions, clusterScript, sortAnswers } from './cluster-script.js';
import { type ClusterState, type EtcdState, type MayuState, NO_ETCD } from './cluster-state.js';
import type { MayuClient } from './mayu-client.js';
import type { MayuHost, OnProvisioner } from './mayu-host.js';

export interface ClusterLook {
  state: ClusterState;
  /** Mayu's full answer; undefined when it is not up. */
  hosts: MayuHost[] | undefined;
  /** Addresses where an sshd greets. */
  ssh: string[];
  /** Something listens on the port of the update server; undefined = not known. */
  updates?: boolean;
}

const TIMEOUT = 12_000;

/** Looks once at everything, by one script on the provisioner. Rejects only with the signal's reason. */
export async function lookAtCluster(
  run: OnProvisioner,
  mayu: MayuClient,
  questions: ClusterQuestions,
  signal?: AbortSignal,
): Promise<ClusterLook> {
  try {
    const result = await run(clusterScript(questions), { timeout: TIMEOUT, ...(signal && { signal }) });
    const answers = sortAnswers(result.stdout);
    if (answers.mayu === undefined) throw unanswered(result.timedOut, result.stderr);
    const { hosts, state } = await readMayu(mayu, answers.mayu);
    const dhcp = answers.dhcp === undefined ? {} : { dhcp: answers.dhcp };
    return {
      state: { mayu: { ...state, ...dhcp }, etcd: await readEtcdState(answers.etcd) },
      hosts,
      ssh: answers.ssh,
      ...(answers.updates === undefined ? {} : { updates: answers.updates }),
    };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const state: MayuState = { state: 'unknown', reason: error.message, hosts: [] };
    return { state: { mayu: state, etcd: NO_ETCD }, hosts: undefined, ssh: [] };
  }
}

async function readMayu(mayu: MayuClient, answer: { exitCode: number; stdout: string; stderr: string }) {
  try {
    const hosts = await mayu.read(answer);
    return { hosts, state: { state: 'up' as const, hosts: hosts.map(short) } };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const reason = error.code === 'MAYU_DOWN' ? (error.why ?? error.message) : error.message;
    return { hosts: undefined, state: { state: 'down' as const, reason, hosts: [] } };
  }
}

function short({ machine, serial, ip, state, profile, lastBoot }: MayuHost) {
  return {
    serial,
    state,
    ...(machine === undefined ? {} : { machine }),
    ...(ip === undefined ? {} : { ip }),
    ...(profile === undefined ? {} : { profile }),
    ...(lastBoot === undefined ? {} : { lastBoot }),
  };
}

async function readEtcdState(answers: Map<string, string[]>): Promise<EtcdState> {
  if (answers.size === 0) return NO_ETCD;
  const { etcdState, readEtcd } = await import('./etcd.js');
  const read = [...answers].flatMap(([address, lines]) => {
    const answer = readEtcd(lines);
    return answer === undefined ? [] : [[address, answer] as const];
  });
  return etcdState(new Map(read));
}

function unanswered(timedOut: boolean, stderr: string): LabError {
  return new LabError({
    code: 'CLUSTER_UNKNOWN',
    message: timedOut
      ? 'The provisioner is too busy to say how the cluster is.'
      : `The provisioner cannot say: ${stderr.trim().slice(0, 200)}`,
    remedy: ['Run the same again.'],
  });
}

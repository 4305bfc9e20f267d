import { hostsScript } from './mayu-client.js';
import { knockScript } from './ssh-knock.js';

export interface ClusterQuestions {
  /** Private address of the provisioner, where Mayu's API is. */
  provisioner: string;
  /** Addresses of nodes to ask for their etcd. */
  etcd: readonly string[];
  /** Addresses of nodes whose sshd is waited for. */
  ssh: readonly string[];
}

/**
 * One script for the provisioner that asks everything at once. Each line of its output begins with what it is about: `mayu
 * EXIT-CODE ANSWER`, `unit STATE`, `dhcp yes`, `updates yes` (something listens where the update server does), `etcd ADDRESS ANSWER`, `ssh ADDRESS`.
 */
export function clusterScript({ provisioner, etcd, ssh }: ClusterQuestions, etcdPort = 2379): string {
  const quiet = "-s --noproxy '*' --connect-timeout 2 --max-time 4 -w '\\n'";
  const base = `"http://$1:${etcdPort}`;
  return `mayu() (
  set +e
  answer=$({ ${hostsScript(provisioner, 5)}; } 2>&1)
  code=$?
  while IFS= read -r line; do printf 'mayu %s %s\\n' "$code" "$line"; done <<< "$answer"
)
etcd() {
  curl ${quiet} ${base}/health" \\
    --next ${quiet} -d '{}' ${base}/v3/cluster/member/list" \\
    --next ${quiet} -d '{}' ${base}/v3/maintenance/status" |
    while IFS= read -r line; do [ -z "$line" ] || printf 'etcd %s %s\\n' "$1" "$line"; done
}
mayu &
for address in ${etcd.join(' ')}; do etcd "$address" & done
dhcp=no
while read -r _ local _; do if [[ $local == *:0043 ]]; then dhcp=yes; fi; done < /proc/net/udp
echo "dhcp $dhcp"
updates=no
for table in /proc/net/tcp /proc/net/tcp6; do
  [ -r "$table" ] || continue
  while read -r _ local _ state _; do if [[ "$local $state" == *:1F40' 0A' ]]; then updates=yes; fi; done < "$table"
done
echo "updates $updates"
${ssh.length === 0 ? '' : knockScript(ssh)}
wait`;
}

/** The output of the script, sorted. */
export interface ClusterAnswers {
  mayu: { exitCode: number; stdout: string; stderr: string } | undefined;
  dhcp: boolean | undefined;
  updates: boolean | undefined;
  etcd: Map<string, string[]>;
  ssh: string[];
}

export function sortAnswers(output: string): ClusterAnswers {
  const answers: ClusterAnswers = { mayu: undefined, dhcp: undefined, updates: undefined, etcd: new Map(), ssh: [] };
  for (const line of output.split('\n')) {
    const [, what = '', first = '', rest = ''] = /^(\w+) (\S+) ?(.*)$/.exec(line) ?? [];
    if (what === 'mayu') {
      const exitCode = Number(first);
      answers.mayu ??= { exitCode, stdout: '', stderr: '' };
      answers.mayu[exitCode === 0 ? 'stdout' : 'stderr'] += `${rest}\n`;
    } else if (what === 'dhcp') answers.dhcp = first === 'yes';
    else if (what === 'updates') answers.updates = first === 'yes';
    else if (what === 'etcd') answers.etcd.set(first, [...(answers.etcd.get(first) ?? []), rest]);
    else if (what === 'ssh') answers.ssh.push(first);
  }
  return answers;
}

/** Flatcar's application: the only one of the update server, and built into every node. */
const APP = 'e96281a6-d1af-4bde-9a0a-97b76e56dc57';
/** locksmith's semaphore, in the old API of etcd. */
const LOCK = 'v2/keys/coreos.com/updateengine/rebootlock/semaphore';
/** Nebraska wants a status and a duration, and takes no key without a value. */
const INSTANCES = 'status=0&page=1&perpage=100&duration=30d';

export interface UpdatesQuestions {
  /** Private address of the provisioner, where the update server is. */
  provisioner: string;
  /** Addresses of nodes to ask for the reboot lock: any of them will do, and any may be away. */
  etcd: readonly string[];
}

export interface UpdatesPorts {
  server: number;
  etcd: number;
}

const PORTS: UpdatesPorts = { server: 8000, etcd: 2379 };

/**
 * One script for the provisioner that asks update server and reboot lock. Each line of its output begins with what it is about:
 * `server EXIT-CODE ANSWER`, `instances GROUP-ID ANSWER`, `lock ADDRESS ANSWER`.
 */
export function updatesScript({ provisioner, etcd }: UpdatesQuestions, ports = PORTS): string {
  const curl = "curl -sS --noproxy '*' --connect-timeout 2 --max-time 4";
  return `updates() {
  api=http://${provisioner}:${ports.server}/api/apps/${APP}/groups
  answer=$(${curl} -f "$api?page=1&perpage=100" 2>&1)
  code=$?
  printf 'server %s %s\\n' "$code" "\${answer//$'\\n'/ }"
  [ "$code" -eq 0 ] || return
  for id in $(jq -r '.groups[].id' <<< "$answer" 2> /dev/null); do
    [[ $id =~ ^[0-9A-Za-z-]+$ ]] || continue
    answer=$(${curl} -f "$api/$id/instances?${INSTANCES}" 2> /dev/null)
    printf 'instances %s %s\\n' "$id" "\${answer//$'\\n'/ }"
  done
}
lock() {
  answer=$(${curl} "http://$1:${ports.etcd}/${LOCK}" 2> /dev/null)
  printf 'lock %s %s\\n' "$1" "\${answer//$'\\n'/ }"
}
set +e
# The lines of the one must not come in between those of the other.
exec 3< <(for address in ${etcd.join(' ')}; do lock "$address" & done; wait)
updates
cat <&3`;
}

/** The output of the script, sorted. */
export interface UpdatesAnswers {
  server: { exitCode: number; text: string } | undefined;
  /** By the id of the group. */
  instances: Map<string, string>;
  locks: string[];
}

export function sortUpdates(output: string): UpdatesAnswers {
  const answers: UpdatesAnswers = { server: undefined, instances: new Map(), locks: [] };
  for (const line of output.split('\n')) {
    const [, what = '', first = '', rest = ''] = /^(\w+) (\S+) ?(.*)$/.exec(line) ?? [];
    if (what === 'server') answers.server = { exitCode: Number(first), text: rest };
    else if (what === 'instances') answers.instances.set(first, rest);
    else if (what === 'lock') answers.locks.push(rest);
  }
  return answers;
}

/** JSON, or undefined for what is none. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

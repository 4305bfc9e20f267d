import type { EngineState, NodeUpdates, Slot, Slots } from './updates-state.js';

/**
 * A script for a node. Each line of its output begins with what it is about: `id`, `version KEY=VALUE`, `slot NUMBER PRIORITY TRIES
 * SUCCESSFUL`, `running NUMBER` (0: in memory), `unit STATE`, `status KEY=VALUE`. It starts few programs: on an emulated machine each of them costs.
 */
export const nodeScript = `set +e
read -r id < /etc/machine-id
echo "id $id"
for file in /etc/os-release /usr/share/flatcar/release; do
  [ -r "$file" ] || continue
  while IFS= read -r line; do
    case $line in VERSION_ID=* | FLATCAR_RELEASE_VERSION=*) echo "version $line" ;; esac
  done < "$file"
done
usr=$(rootdev -s /usr 2> /dev/null)
usr=/sys/class/block/\${usr##*/}
number=0
[ ! -r "$usr/partition" ] || read -r number < "$usr/partition"
echo "running $number"
if [ "$number" != 0 ]; then
  disk=$(readlink -f "$usr")
  disk=\${disk%/*}
  sudo sh -c 'for slot in 3 4; do
    echo "slot $slot $(cgpt show -i $slot -P "$1") $(cgpt show -i $slot -T "$1") $(cgpt show -i $slot -S "$1")"
  done' sh "/dev/\${disk##*/}" 2> /dev/null
fi
unit=$(systemctl is-active update-engine.service 2> /dev/null)
echo "unit \${unit:-unknown}"
# The client waits half a minute for an engine that is not there.
[ "$unit" != active ] || while IFS= read -r line; do echo "status $line"; done < <(timeout 5 update_engine_client -status 2> /dev/null)
exit 0`;

const SLOT_NAMES = { 3: 'A', 4: 'B' } as const;

/** What a node said of itself; what it did not say, or not in a way that can be read, is left out. */
export function readNode(output: string): Pick<NodeUpdates, 'id' | 'version' | 'slots' | 'engine'> {
  const lines = output.split('\n').map((line) => line.replace(/\p{Cc}/gu, '').trim());
  const told = (what: string) =>
    lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1).trim());
  const [id] = told('id').filter((text) => /^[0-9a-f]{32}$/.test(text));
  const values = keysOf(told('version'));
  const version = values.get('FLATCAR_RELEASE_VERSION') || values.get('VERSION_ID');
  const slots = readSlots(told('running')[0], told('slot'));
  const engine = readEngine(told('unit')[0], keysOf(told('status')));
  return {
    ...(id === undefined ? {} : { id }),
    ...(version ? { version } : {}),
    ...(slots === undefined ? {} : { slots }),
    ...(engine === undefined ? {} : { engine }),
  };
}

function readSlots(running: string | undefined, lines: readonly string[]): Slots | 'none' | undefined {
  if (running === undefined) return undefined;
  const name = SLOT_NAMES[Number(running) as 3 | 4];
  // /usr is in memory, or on a disk that is laid out otherwise.
  if (name === undefined) return 'none';
  const found = new Map<string, Slot>();
  for (const line of lines) {
    const match = /^([34]) (\d+) (\d+) (\d+)$/.exec(line);
    if (match === null) continue;
    const [number = 0, priority = 0, tries = 0, successful = 0] = match.slice(1).map(Number);
    found.set(SLOT_NAMES[number as 3 | 4], { priority, tries, successful });
  }
  const [A, B] = [found.get('A'), found.get('B')];
  return A === undefined || B === undefined ? undefined : { running: name, A, B };
}

function readEngine(unit: string | undefined, status: ReadonlyMap<string, string>): EngineState | undefined {
  if (unit === undefined) return undefined;
  const operation = /^UPDATE_STATUS_(\w+)$/.exec(status.get('CURRENT_OP') ?? '')?.[1];
  const progress = Number(status.get('PROGRESS') ?? Number.NaN);
  const version = status.get('NEW_VERSION');
  const checked = Number(status.get('LAST_CHECKED_TIME') ?? 0);
  return {
    running: unit === 'active',
    ...(operation === undefined ? {} : { operation }),
    ...(operation === 'DOWNLOADING' && progress >= 0 && progress <= 1 ? { percent: Math.floor(progress * 100) } : {}),
    ...(version && !/^[0.]*$/.test(version) ? { version } : {}),
    ...(checked > 0 && checked < 1e11 ? { lastCheck: checked * 1000 } : {}),
  };
}

function keysOf(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^(\w+)="?([^"]*)"?$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
}

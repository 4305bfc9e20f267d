/** One machine of `list --long vms`. */
export interface ListedMachine {
  name: string;
  uuid: string;
  configFile: string;
  /** In VirtualBox's words, such as "powered off"; undefined when its files cannot be read. */
  state: string | undefined;
  /** When it came into that state, as VirtualBox prints it. */
  since: string | undefined;
}

/**
 * Reads `list --long vms`. A machine begins with an unindented "Name:"; of the lines after it the first of each kind counts, since
 * further down come texts that people write.
 */
export function parseMachines(stdout: string): ListedMachine[] {
  const machines: ListedMachine[] = [];
  let current: ListedMachine | undefined;
  for (const line of stdout.split(/\r?\n/)) {
    const match = /^(Name|UUID|Config file|State):\s+(.*)$/.exec(line);
    if (match === null) continue;
    const [, key, value = ''] = match;
    if (key === 'Name') {
      // Shared folders are listed as "Name: 'x', Host path: …", with one blank.
      if (!/^Name:\s{2}/.test(line)) continue;
      current = { name: value, uuid: '', configFile: '', state: undefined, since: undefined };
      machines.push(current);
    } else if (current === undefined) continue;
    else if (key === 'UUID') current.uuid ||= value.trim().toLowerCase();
    else if (key === 'Config file') current.configFile ||= value;
    else if (current.state === undefined) {
      const parts = /^(.*?)(?: \(since (.*)\))?$/.exec(value.trim());
      current.state = parts?.[1];
      current.since = parts?.[2];
    }
  }
  return machines;
}

/** Keys and values of `--machinereadable`; keys may be quoted or not, values too, with `\"` in them. Of a repeated key the last stays. */
export function parseInfo(stdout: string): Map<string, string> {
  const info = new Map<string, string>();
  for (const line of stdout.split(/\r?\n/)) {
    const match = /^\s*(?:"((?:\\.|[^"\\])*)"|([^="\s]+))==?(.*)$/.exec(line);
    if (match === null) continue;
    const [, quoted, plain, value = ''] = match;
    info.set(unescaped(quoted ?? plain ?? ''), unquote(value));
  }
  return info;
}

function unquote(value: string): string {
  const match = /^"((?:\\.|[^"\\])*)"$/.exec(value.trim());
  return match === null ? value.trim() : unescaped(match[1] ?? '');
}

function unescaped(text: string): string {
  return text.replace(/\\(["\\])/g, '$1');
}

export interface Forwarding {
  name: string;
  hostPort: number;
  /** Of the network card that it belongs to: the last `nicN` before it. */
  card: number;
}

/** `Forwarding(N)` counts anew for each card and does not name it, so the order of lines matters. */
export function parseForwardings(stdout: string): Forwarding[] {
  const found: Forwarding[] = [];
  let card = 0;
  for (const line of stdout.split(/\r?\n/)) {
    card = Number(/^nic(\d)=/.exec(line)?.[1] ?? card);
    const [, name, port] = /^Forwarding\(\d+\)="([^,]*),[^,]*,[^,]*,(\d+),/.exec(line) ?? [];
    if (name !== undefined) found.push({ name, hostPort: Number(port), card });
  }
  return found;
}

/** Names and UUIDs of `snapshot list --machinereadable`, oldest first. */
export function parseSnapshots(stdout: string): { name: string; uuid: string }[] {
  const info = parseInfo(stdout);
  const found: { name: string; uuid: string }[] = [];
  for (const [key, name] of info) {
    if (!/^SnapshotName(-\d+)*$/.test(key)) continue;
    const uuid = info.get(key.replace('SnapshotName', 'SnapshotUUID'));
    if (uuid !== undefined) found.push({ name, uuid });
  }
  return found;
}

/** Blocks of `Key:   value` lines, as `list hostonlyifs`, `dhcpservers`, `extpacks` and `hostinfo` print them. */
export function parseBlocks(stdout: string, firstKey: string | RegExp): Map<string, string>[] {
  const blocks: Map<string, string>[] = [];
  for (const line of stdout.split(/\r?\n/)) {
    const match = /^([^\s:][^:]*):\s*(.*)$/.exec(line);
    if (match === null) continue;
    const [, key = '', value = ''] = match;
    if (typeof firstKey === 'string' ? key === firstKey : firstKey.test(key)) blocks.push(new Map());
    blocks.at(-1)?.set(key, value.trim());
  }
  return blocks;
}

/**
 * The errors among what VBoxManage printed on stderr, without the lines that are about its own source. That a network is missing it only
 * calls a warning, and the machine will not start.
 */
export function errorLines(stderr: string): string[] {
  return stderr
    .split(/\r?\n/)
    .map((line) => /^(?:VBoxManage(?:\.exe)?: )?(?:error: |warning: (?=Interface "))(.*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined)
    .filter((line) => !line.startsWith('Context: '));
}

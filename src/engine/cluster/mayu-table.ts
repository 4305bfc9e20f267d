import { suggest } from '../did-you-mean.js';
import { LabError } from '../errors.js';
import type { MayuHost } from './mayu-host.js';

/** Columns of mayuctl's list. Mayu 1.3 has nothing to put into some of them; `machine` is our own. */
const FIELDS: Record<string, (host: MayuHost) => string | undefined> = {
  ip: ({ ip }) => ip,
  serial: ({ serial }) => serial,
  profile: ({ profile }) => profile,
  ipmiaddr: ({ ipmi }) => ipmi,
  providerid: ({ providerId }) => providerId,
  etcdtoken: ({ etcdToken }) => etcdToken,
  metadata: () => undefined,
  coreos: ({ version }) => version,
  // With its quotes, as mayuctl printed it.
  state: ({ state }) => JSON.stringify(state),
  lastboot: ({ lastBoot }) => (lastBoot === undefined ? undefined : timeText(lastBoot)),
  machineid: ({ machineId }) => machineId,
  docker: () => undefined,
  etcd: () => undefined,
  fleet: () => undefined,
  yochu: () => undefined,
  machine: ({ machine }) => machine,
};
const DEFAULT_FIELDS = 'ip,serial,profile,ipmiaddr,providerid,etcdtoken,metadata,coreos,state,lastboot';

export interface MayuTableOptions {
  /** Names of columns, separated by commas. */
  fields?: string;
  /** Print the names of the columns; default true. */
  legend?: boolean;
}

/** The rows of `mayu list`, as mayuctl had them. Throws LabError MAYU_FIELD (exit code 2). */
export function mayuRows(hosts: readonly MayuHost[], options: MayuTableOptions = {}): string[][] {
  const fields = (options.fields ?? DEFAULT_FIELDS).split(',').map((field) => field.trim().toLowerCase());
  const readers = fields.map((field) => reader(field));
  const rows = hosts.map((host) => readers.map((read) => read(host) || '-'));
  return options.legend === false ? rows : [fields.map((field) => field.toUpperCase()), ...rows];
}

/** `mayu list`: columns as wide as their widest entry, two spaces apart. */
export function mayuTable(hosts: readonly MayuHost[], options: MayuTableOptions = {}): string {
  const rows = mayuRows(hosts, options);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function reader(field: string): (host: MayuHost) => string | undefined {
  const read = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
  if (read !== undefined) return read;
  throw new LabError({
    code: 'MAYU_FIELD',
    message: `The list of Mayu's hosts has no column "${field}".`,
    remedy: [suggest(field, Object.keys(FIELDS)).replace(/^./, (letter) => letter.toUpperCase())],
    exitCode: 2,
  });
}

/** `mayu status`: what Mayu 1.3 keeps of a machine, a line each, in mayuctl's order and words. */
export function mayuDetails(host: MayuHost): string {
  const lines: [string, string | undefined][] = [
    ['Machine', host.machine],
    ['Serial', host.serial],
    ['IP', host.ip],
    ['IPMI', host.ipmi],
    ['Provider ID', host.providerId],
    ['Macs', host.macs.join(' ')],
    ['Hostname', host.hostname],
    ['MachineID', host.machineId],
    ['Profile', host.profile],
    ['State', JSON.stringify(host.state)],
    ['EtcdToken', host.etcdToken],
    ['CoreOS', host.version],
    ['LastBoot', host.lastBoot === undefined ? undefined : timeText(host.lastBoot)],
    ['Enabled', String(host.enabled)],
  ];
  return lines.map(([label, value]) => `${`${label}:`.padEnd(13)}${value || '-'}`).join('\n');
}

/** The host with this serial, or of the lab's machine with this name. Throws LabError MAYU_HOST_UNKNOWN. */
export function mayuHostNamed(hosts: readonly MayuHost[], wanted: string): MayuHost {
  const host = hosts.find(({ machine, serial }) => machine === wanted || serial === wanted.toLowerCase());
  if (host !== undefined) return host;
  const names = hosts.map(({ machine, serial }) => (machine === undefined ? serial : `${machine} (${serial})`));
  throw new LabError({
    code: 'MAYU_HOST_UNKNOWN',
    message: `Mayu knows no machine ${wanted}.`,
    why: names.length === 0 ? 'No machine has booted from it yet.' : `It knows ${names.join(', ')}.`,
    remedy: ['A machine appears there when it boots from the network: see how far it is by coreos-lab status.'],
  });
}

/** UTC, as the machines have it. */
function timeText(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

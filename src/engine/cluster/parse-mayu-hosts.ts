import * as v from 'valibot';
import { ipv4 } from '../config/ipv4.js';
import type { MayuHost } from './mayu-host.js';

const text = v.optional(v.string());
const address = v.optional(
  v.pipe(
    v.string(),
    v.check((value) => ipv4(value) !== undefined, 'must be an IPv4 address'),
  ),
);

/** Field names of Mayu 1.3 (hostmgr.Host); the empty ones are left out by it, unknown ones by us. */
const hostSchema = v.object({
  Serial: v.pipe(v.string(), v.minLength(1)),
  State: v.string(),
  Id: v.optional(v.number()),
  Enabled: v.optional(v.boolean(), false),
  MacAddresses: v.nullish(v.array(v.string()), []),
  InternalAddr: address,
  IPMIAddr: text,
  Hostname: text,
  MachineID: text,
  Profile: text,
  ProviderId: text,
  EtcdClusterToken: text,
  FlatcarVersion: text,
  LastBoot: text,
});

/**
 * Reads what Mayu answers to GET /admin/hosts; sorted by address, as Mayu's own order is a different one each time. Throws
 * an Error that names the first fault.
 */
export function parseMayuHosts(json: string): MayuHost[] {
  const result = v.safeParse(v.array(hostSchema), JSON.parse(json));
  if (!result.success) {
    const [issue] = result.issues;
    const path = (issue.path ?? []).map(({ key }) => String(key)).join('.');
    throw new Error(`${path === '' ? '' : `${path}: `}${issue.message}`);
  }
  return result.output.map(toHost).sort(byAddress);
}

function toHost(host: v.InferOutput<typeof hostSchema>): MayuHost {
  const optional = {
    ip: host.InternalAddr,
    id: host.Id,
    hostname: host.Hostname,
    machineId: host.MachineID,
    profile: host.Profile,
    providerId: host.ProviderId,
    ipmi: host.IPMIAddr,
    etcdToken: host.EtcdClusterToken,
    version: host.FlatcarVersion,
    lastBoot: timeOf(host.LastBoot),
  };
  return {
    serial: host.Serial.toLowerCase(),
    state: host.State,
    enabled: host.Enabled,
    macs: host.MacAddresses ?? [],
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined && value !== '')),
  };
}

/** Go's zero time, of the year 1, says that a machine has not booted yet. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined || text.startsWith('0001-01-01')) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function byAddress(a: MayuHost, b: MayuHost): number {
  return (ipv4(a.ip ?? '') ?? 0) - (ipv4(b.ip ?? '') ?? 0) || a.serial.localeCompare(b.serial);
}

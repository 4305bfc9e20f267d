import * as v from 'valibot';
import { hostRange, ipv4 } from './ipv4.js';

const name = v.pipe(
  v.string('must be a name'),
  v.regex(
    /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
    'must be 1 to 32 lower-case letters, digits or dashes, such as core-01',
  ),
);

const address = v.pipe(
  v.string('must be an address'),
  v.check((text) => ipv4(text) !== undefined, 'must be an IPv4 address, such as 192.168.2.2'),
);

const mac = v.pipe(
  v.string('must be a MAC address in quotes'),
  v.toLowerCase(),
  v.regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/, 'must be a MAC address, such as "08:00:27:8e:15:8a"'),
  v.check(
    (text) => Number.parseInt(text.slice(0, 2), 16) % 2 === 0,
    'is a multicast address: its first byte must be even',
  ),
);

const version = v.pipe(
  v.string('must be a version in quotes, such as "1.0.0"'),
  v.regex(/^[0-9A-Za-z][0-9A-Za-z.+-]{0,40}$/, 'must be a version, such as "1.0.0", or a channel, such as stable'),
);

/** With its registry, since engines do not agree on where a short name is; and never without saying which one of that name. */
const containerImage = v.pipe(
  v.string('must be a container image'),
  v.regex(
    /^[a-z0-9][a-z0-9-]*[.:][a-z0-9.:-]*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[\w.-]{1,128}|@sha256:[0-9a-f]{64})$/,
    'must be a container image with its registry and its tag or digest, such as ghcr.io/flatcar/nebraska:3.0.0',
  ),
);

function whole(least: number, most: number, unit: string) {
  const message = `must be a whole number from ${least} to ${most}${unit && ` (${unit})`}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}

const range = v.strictObject({ start: address, end: address });

const machine = v.strictObject({
  name,
  role: v.optional(v.picklist(['provisioner', 'node'], 'must be provisioner or node'), 'node'),
  memory: v.optional(whole(512, 65_536, 'MiB')),
  cpus: v.optional(whole(1, 32, '')),
  disk: v.optional(whole(4, 1024, 'GiB')),
  mac,
  serial: v.optional(
    v.pipe(
      v.string('must be text in quotes'),
      v.regex(/^[0-9A-Za-z._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
    ),
  ),
  ip: v.optional(address),
  sshPort: v.optional(
    v.pipe(
      whole(0, 65_535, '0 = any free port'),
      v.check((port) => port === 0 || port >= 1024, 'must be 0 (any free port) or 1024 and above'),
    ),
  ),
});

/** The shape of lab.yaml: every key may be left out, none may be unknown. Cross-checks are in check.ts. */
export const labSchema = v.strictObject({
  name: v.optional(name),
  provider: v.optional(v.picklist(['auto', 'qemu', 'virtualbox'], 'must be auto, qemu or virtualbox')),
  virtualbox: v.optional(
    v.strictObject({
      network: v.optional(v.picklist(['tunnel', 'host-only'], 'must be tunnel or host-only')),
    }),
  ),
  image: v.optional(
    v.strictObject({
      name: v.optional(v.picklist(['labos', 'flatcar'], 'must be labos or flatcar')),
      version: v.optional(version),
      update: v.optional(version),
      mirror: v.optional(v.pipe(v.string('must be a URL or a path'), v.minLength(1, 'must be a URL or a path'))),
    }),
  ),
  network: v.optional(
    v.strictObject({
      cidr: v.optional(
        v.pipe(
          v.string('must be a network'),
          v.check((text) => hostRange(text) !== undefined, 'must be an IPv4 network, such as 192.168.2.0/24'),
        ),
      ),
      gateway: v.optional(address),
      bootPool: v.optional(range),
      nodePool: v.optional(range),
    }),
  ),
  shared: v.optional(v.string('must be a path')),
  mayu: v.optional(v.strictObject({ version: v.optional(version) })),
  updates: v.optional(
    v.strictObject({
      server: v.optional(v.picklist(['stand-in', 'nebraska'], 'must be stand-in or nebraska')),
      nebraska: v.optional(containerImage),
      postgresql: v.optional(containerImage),
    }),
  ),
  machines: v.optional(
    v.pipe(v.array(machine, 'must be a list of machines'), v.minLength(1, 'must have at least one machine')),
  ),
});

export type LabFile = v.InferOutput<typeof labSchema>;
export type MachineFile = v.InferOutput<typeof machine>;

export { v };

/** lab.yaml after defaults were filled in and everything was checked. Addresses are dotted quads, MACs aa:bb:cc:dd:ee:ff. */
export interface LabConfig {
  /** Names the lab's state directory; [a-z0-9-]. */
  name: string;
  provider: 'auto' | 'qemu' | 'virtualbox';
  /** How VirtualBox connects the machines: by tunnels to the lab's switch, or by a network of its own. */
  virtualbox: { network: 'tunnel' | 'host-only' };
  image: ImageConfig;
  network: {
    /** e.g. 192.168.2.0/24 */
    cidr: string;
    gateway: string;
    bootPool: { start: string; end: string };
    nodePool: { start: string; end: string };
  };
  /** Host folder copied to the provisioner by `sync`, relative to lab.yaml; '' = the package's own provision folder only. */
  shared: string;
  mayu: { version: string };
  /** Which update server lesson 3 has: the lab's own, or Nebraska and its database from these container images. */
  updates: { server: 'stand-in' | 'nebraska'; nebraska: string; postgresql: string };
  machines: MachineConfig[];
}

export interface ImageConfig {
  name: 'labos' | 'flatcar';
  /** A channel only until it was asked: from then on the version that it stood for. */
  version: string;
  /** The version that machines are updated to; likewise. */
  update?: string;
  /** URL or directory, relative to lab.yaml, to take releases from. */
  mirror?: string;
  /** Which of the two a channel was declared for, and which one. */
  channels?: { version?: string; update?: string };
}

export interface MachineConfig {
  name: string;
  role: 'provisioner' | 'node';
  memory: number;
  cpus: number;
  /** GiB */
  disk: number;
  mac: string;
  serial: string;
  /** Fixed private address; only the provisioner has one (nodes get theirs from Mayu). */
  ip?: string;
  /** Not declared in lab.yaml but added by command; kept in the lab's state. */
  added?: true;
  /** Host port for ssh (provisioner); 0 = any free port. */
  sshPort?: number;
}

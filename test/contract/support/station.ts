import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { until } from './peer.js';

export interface StationOptions {
  /** Its files; short, since a socket is in it. */
  directory: string;
  name: string;
  mac: string;
  ip: string;
  /** Lines of dnsmasq's configuration; without them there is no DHCP, TFTP and DNS. */
  dnsmasq?: string[];
  /** A Node program that runs in the station's network; it gets the station's directory. */
  program?: string;
}

/**
 * A machine without a machine: a network namespace of its own with a tap device, which a QEMU without a guest bridges to a socket that the
 * switch dials. Real dnsmasq and Node servers run in it, over the kernel's own network.
 */
export class Station {
  private constructor(
    readonly options: StationOptions,
    private readonly child: ChildProcess,
  ) {}

  static async start(options: StationOptions): Promise<Station> {
    const { directory, name, mac, ip } = options;
    mkdirSync(directory, { recursive: true });
    const file = (end: string) => join(directory, `${name}.${end}`);
    const bridge = [
      'qemu-system-x86_64 -machine none -nodefaults -no-user-config -display none',
      '-netdev tap,id=t,ifname=tap0,script=no,downscript=no',
      `-netdev stream,id=s,server=on,addr.type=unix,addr.path=${file('sock')}`,
      '-netdev hubport,hubid=0,id=h0,netdev=t -netdev hubport,hubid=0,id=h1,netdev=s',
    ].join(' ');
    const common = [
      'port=53',
      'no-resolv',
      'no-hosts',
      'user=root',
      'group=root',
      'interface=tap0',
      'bind-interfaces',
      'no-ping',
      'log-dhcp',
      `dhcp-leasefile=${file('leases')}`,
    ];
    writeFileSync(file('conf'), [...common, ...(options.dnsmasq ?? [])].join('\n'));
    writeFileSync(file('mjs'), options.program ?? '');
    const script = [
      'set -e',
      'ip link set lo up',
      'ip tuntap add dev tap0 mode tap',
      `${bridge} &`,
      // What the kernel sends before somebody listens on the other side makes QEMU's bridge stand still for good.
      `until [ -e ${file('go')} ]; do sleep 0.05; done`,
      `ip link set tap0 address ${mac} up`,
      `ip addr add ${ip}/24 dev tap0`,
      ...(options.dnsmasq === undefined
        ? []
        : [`dnsmasq -k -C ${file('conf')} --log-facility=${file('dnsmasq.log')} &`]),
      ...(options.program === undefined ? [] : [`${process.execPath} ${file('mjs')} ${directory} &`]),
      `echo up > ${file('up')}`,
      'wait',
    ].join('\n');
    // Without root there is a namespace in which we are root.
    const user = userInfo().uid === 0 ? [] : ['--user', '--map-root-user'];
    const child = spawn('unshare', [...user, '--net', 'sh', '-c', script], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    });
    let log = '';
    child.stderr.on('data', (chunk) => {
      log = (log + chunk).slice(-2000);
    });
    const station = new Station(options, child);
    try {
      await until(`${name} is up`, () => {
        if (child.exitCode !== null) throw new Error(`${name} did not start:\n${log}`);
        return existsSync(file('sock'));
      });
    } catch (error) {
      await station.stop();
      throw error;
    }
    return station;
  }

  /** Brings it up, once the switch is connected. */
  async go(): Promise<void> {
    const { directory, name } = this.options;
    writeFileSync(join(directory, `${name}.go`), '');
    await until(`${name} runs`, () => existsSync(join(directory, `${name}.up`)));
  }

  get socket(): string {
    return join(this.options.directory, `${this.options.name}.sock`);
  }

  log(end: string): string {
    const path = join(this.options.directory, `${this.options.name}.${end}`);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Ends all its processes: they are a group of their own. */
  async stop(): Promise<void> {
    const child = this.child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  }
}

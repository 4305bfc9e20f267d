import { BoundedMap } from './bounded-map.js';
import { isPxe } from './decode/dhcp.js';
import type { Happening, HttpExchange } from './happening.js';
import type { Names } from './names.js';
import { isBootComplete, isIgnition, pathOf, progressMark } from './words.js';

/** What the wire shows of a machine's boot. Times in milliseconds since the epoch. */
export interface BootFacts {
  machine: string;
  /** How far it came with DHCP, and what it was given. */
  dhcp?: 'discover' | 'offer' | 'request' | 'ack';
  address?: string;
  /** The iPXE script was fetched. */
  script?: boolean;
  /** Percent of the kernel, and of the initial RAM disk. */
  kernel?: number;
  initrd?: number;
  /** Percent of both together, as far as their sizes are known. */
  percent?: number;
  ignition?: boolean;
  complete?: boolean;
}

export type BootFact = keyof Omit<BootFacts, 'machine'>;

/** Something about a machine's boot that was not so before. */
export interface BootNews {
  time: number;
  fact: BootFact;
  facts: Readonly<BootFacts>;
}

/** Of kernel and initial RAM disk together, while the size of the second is not known: its usual part. */
const KERNEL_SHARE = 0.1;

interface Observed {
  facts: BootFacts;
  kernel?: HttpExchange;
  initrd?: HttpExchange;
  /** The last time that it told that it runs. */
  complete?: HttpExchange;
  /** URL of the script that DHCP gave. */
  bootFile?: string;
}

/** Reads the boots of machines off what happens on the wire. Pure: what comes out depends on what was put in, nothing else. */
export class BootObserver {
  readonly #machines = new Map<string, Observed>();
  /** Sizes by path: they are the same for the next machine. */
  readonly #sizes = new BoundedMap<string, number>(64);
  readonly #marks = new WeakMap<HttpExchange, string>();

  constructor(private readonly names: Names) {}

  facts(machine: string): Readonly<BootFacts> | undefined {
    return this.#machines.get(machine)?.facts;
  }

  take(happening: Happening): BootNews[] {
    if (happening.kind === 'http' && !this.#isNew(happening.exchange)) return [];
    const before = this.#machine(happening);
    if (before === undefined) return [];
    const old = { ...before.facts };
    const { complete } = before;
    if (happening.kind === 'dhcp') this.#dhcp(before, happening.dhcp);
    else if (happening.kind === 'http') this.#http(before, happening.exchange);
    else return [];
    // Each boot tells it once, and one from disk has no other beginning on the wire.
    if (before.complete !== complete) delete old.complete;
    const { facts } = before;
    const news: BootNews[] = [];
    for (const fact of Object.keys(facts) as (keyof BootFacts)[]) {
      if (fact === 'machine' || facts[fact] === old[fact]) continue;
      news.push({ time: Math.floor(happening.ref.time / 1000), fact, facts: { ...facts } });
    }
    return news;
  }

  /** Most frames of a download change nothing that is told. */
  #isNew(exchange: HttpExchange): boolean {
    const mark = progressMark(exchange);
    if (this.#marks.get(exchange) === mark) return false;
    this.#marks.set(exchange, mark);
    return true;
  }

  #machine(happening: Happening): Observed | undefined {
    const mac =
      happening.kind === 'dhcp'
        ? happening.dhcp.mac
        : happening.kind === 'http'
          ? happening.exchange.client.mac
          : undefined;
    const machine = mac === undefined ? undefined : this.names.machine(mac);
    if (machine === undefined) return undefined;
    let observed = this.#machines.get(machine);
    if (observed === undefined) {
      observed = { facts: { machine } };
      this.#machines.set(machine, observed);
    }
    return observed;
  }

  #dhcp(observed: Observed, dhcp: Extract<Happening, { kind: 'dhcp' }>['dhcp']): void {
    const { facts } = observed;
    const { type } = dhcp;
    if (type === 'discover' && isPxe(dhcp)) {
      // iPXE asks again after it fetched its script; firmware that asks after a kernel came is the next boot.
      if (facts.kernel !== undefined || facts.ignition || facts.complete) this.#begin(observed);
      else if (facts.dhcp !== undefined) return;
      observed.facts.dhcp = 'discover';
    } else if (facts.dhcp !== undefined && (type === 'offer' || type === 'request' || type === 'ack')) {
      if (facts.dhcp !== 'ack') facts.dhcp = type;
      if (type === 'ack' && dhcp.bootFile !== undefined) observed.bootFile = dhcp.bootFile;
    }
    if (type === 'ack' && dhcp.yourIp !== undefined) observed.facts.address = dhcp.yourIp;
  }

  #begin(observed: Observed): void {
    observed.facts = { machine: observed.facts.machine };
    delete observed.kernel;
    delete observed.initrd;
  }

  #http(observed: Observed, exchange: HttpExchange): void {
    const { facts } = observed;
    const path = pathOf(exchange);
    const answered = exchange.status !== undefined && exchange.status < 300;
    if (isBootComplete(exchange)) {
      if (!answered) return;
      observed.complete = exchange;
      facts.complete = true;
    } else if (isIgnition(exchange)) {
      if (answered) facts.ignition = true;
    } else if (exchange.agent !== undefined && !/ipxe/i.test(exchange.agent)) return;
    else if (/ipxebootscript|\.ipxe$/.test(path) || observed.bootFile?.endsWith(exchange.target)) {
      if (answered) facts.script = true;
    } else if (/vmlinuz|bzimage/i.test(path)) {
      if (observed.kernel !== exchange && facts.kernel !== undefined) this.#begin(observed);
      observed.kernel = exchange;
      this.#progress(observed, answered);
    } else if (/initrd|initramfs|\.cpio(\.\w+)?$/.test(path)) {
      observed.initrd = exchange;
      this.#progress(observed, answered);
    }
  }

  #progress({ facts, kernel, initrd }: Observed, answered: boolean): void {
    if (!answered) return;
    for (const exchange of [kernel, initrd]) {
      if (exchange?.size !== undefined) this.#sizes.set(pathOf(exchange), exchange.size);
    }
    if (kernel !== undefined) set(facts, 'kernel', percentOf(kernel.done, kernel.size));
    if (initrd !== undefined) set(facts, 'initrd', percentOf(initrd.done, initrd.size));
    const kernelSize = kernel === undefined ? 0 : kernel.size;
    const initrdSize = initrd === undefined ? this.#otherSize(kernel) : initrd.size;
    if (kernelSize === undefined) return;
    const percent =
      initrdSize === undefined
        ? Math.floor((facts.kernel ?? 0) * KERNEL_SHARE)
        : percentOf((kernel?.done ?? 0) + (initrd?.done ?? 0), kernelSize + initrdSize);
    if (percent !== undefined) facts.percent = Math.max(facts.percent ?? 0, percent);
  }

  /** The RAM disk that an earlier machine fetched from beside the same kernel. */
  #otherSize(kernel: HttpExchange | undefined): number | undefined {
    if (kernel === undefined) return undefined;
    const folder = pathOf(kernel).replace(/[^/]*$/, '');
    for (const [path, size] of this.#sizes.entries()) {
      if (path.startsWith(folder) && /initrd|initramfs|\.cpio/.test(path)) return size;
    }
    return undefined;
  }
}

function percentOf(done: number, size: number | undefined): number | undefined {
  return size === undefined || size <= 0 ? undefined : Math.min(100, Math.floor((done / size) * 100));
}

function set(facts: BootFacts, fact: 'kernel' | 'initrd', percent: number | undefined): void {
  if (percent !== undefined) facts[fact] = percent;
}

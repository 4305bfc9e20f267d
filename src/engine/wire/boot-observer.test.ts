import { describe, expect, test } from 'vitest';
import type { LabError } from '../errors.js';
import { type BootNews, BootObserver } from './boot-observer.js';
import { RogueWatch } from './rogue-watch.js';
import { CORE_01, CORE_02, PROVISIONER, recorded, tcp, testWire } from './test-support.js';

function observe() {
  const news: BootNews[] = [];
  const rogues: LabError[] = [];
  const wire = testWire((happening) => {
    news.push(...observer.take(happening));
    const found = rogue.take(happening);
    if (found !== undefined) rogues.push(found);
  });
  const observer = new BootObserver(wire.names);
  const rogue = new RogueWatch(wire.names);
  return { wire, observer, news, rogues };
}

/** Fetches a file as iPXE does, up to `done` of its bytes. */
function fetch(
  wire: ReturnType<typeof testWire>,
  from: typeof CORE_01,
  port: number,
  path: string,
  size: number,
  done = size,
) {
  const client = { ...from, port };
  const server = { ...PROVISIONER, port: 4081 };
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`;
  wire.take(tcp(client, server, 'PA', 1, `GET ${path} HTTP/1.1\r\nuser-agent: iPXE/1.0.0\r\n\r\n`));
  wire.take(tcp(server, client, 'A', 1, head));
  for (let at = 0; at < done; at += 1000)
    wire.take(tcp(server, client, 'A', 1 + head.length + at, Buffer.alloc(Math.min(1000, done - at))));
}

describe('boots', () => {
  test('a real one is followed to its end', () => {
    const { wire, observer, news } = observe();
    for (const { frame, length } of recorded('boot.pcap')) wire.take(frame, { length });
    expect(observer.facts('core-01')).toEqual({
      machine: 'core-01',
      dhcp: 'ack',
      address: '192.168.2.15',
      script: true,
      kernel: 100,
      initrd: 100,
      percent: 100,
      ignition: true,
    });
    expect(observer.facts('core-provisioner')).toBeUndefined();
    const order = [...new Set(news.map(({ fact }) => fact))];
    expect(order).toEqual(['dhcp', 'address', 'script', 'kernel', 'percent', 'initrd', 'ignition']);
    const percents = news.filter(({ fact }) => fact === 'percent').map(({ facts }) => facts.percent as number);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(new Set(percents).size).toBe(percents.length);
  });

  test('kernel and initrd are one percentage, by sizes that earlier machines showed', () => {
    const { wire, observer } = observe();
    fetch(wire, CORE_01, 2001, '/images/vmlinuz', 10_000);
    expect(observer.facts('core-01')?.percent).toBe(10);
    fetch(wire, CORE_01, 2002, '/images/initrd.cpio.gz', 90_000, 45_000);
    expect(observer.facts('core-01')).toMatchObject({ kernel: 100, initrd: 50, percent: 55 });
    fetch(wire, CORE_02, 2001, '/images/vmlinuz', 10_000, 5000);
    expect(observer.facts('core-02')).toMatchObject({ kernel: 50, percent: 5 });
  });

  test('the next boot begins anew', () => {
    const { wire, observer } = observe();
    const boot = recorded('boot.pcap');
    for (const { frame, length } of boot) wire.take(frame, { length });
    const discover = boot.find(({ frame }) => frame.readUInt16BE(36) === 67);
    wire.take(discover?.frame as Buffer);
    expect(observer.facts('core-01')).toEqual({ machine: 'core-01', dhcp: 'discover' });
  });

  test('each boot tells that it is complete, also one from disk that shows nothing before; an answer of refusal does not', () => {
    const { wire, news } = observe();
    const tell = (port: number, status: string) => {
      const client = { ...CORE_01, port };
      const server = { ...PROVISIONER, port: 4080 };
      const path = '/admin/host/0800278e158a-0/boot_complete';
      wire.take(tcp(client, server, 'PA', 1, `PUT ${path} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}`));
      wire.take(tcp(server, client, 'PA', 1, `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`));
    };
    tell(2001, '503 Service Unavailable');
    expect(news).toEqual([]);
    tell(2002, '202 Accepted');
    expect(news).toMatchObject([{ fact: 'complete', facts: { machine: 'core-01', complete: true } }]);
    tell(2003, '200 OK');
    expect(news.map(({ fact }) => fact)).toEqual(['complete', 'complete']);
  });

  test('what a running system fetches is no boot', () => {
    const { wire, observer } = observe();
    const client = { ...CORE_01, port: 2001 };
    const server = { ...PROVISIONER, port: 4081 };
    wire.take(tcp(client, server, 'PA', 1, 'GET /images/vmlinuz HTTP/1.1\r\nUser-Agent: curl/7.88\r\n\r\n'));
    wire.take(tcp(server, client, 'A', 1, 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'));
    expect(observer.facts('core-01')).toEqual({ machine: 'core-01' });
  });
});

describe('a second DHCP server', () => {
  test('is named once, with what it did and what to do', () => {
    const { wire, rogues } = observe();
    for (const { frame, length } of recorded('rogue-dhcp.pcap')) wire.take(frame, { length });
    expect(rogues).toHaveLength(1);
    expect(rogues[0]).toMatchObject({
      code: 'DHCP_ROGUE',
      message:
        'A machine that is not of this lab (52:54:00:66:66:66, 192.168.2.66) answers DHCP beside core-provisioner: it offered 192.168.2.155 to core-01 with boot file pxelinux.0.',
      remedy: [
        'Find what has the MAC 52:54:00:66:66:66 and take it off the private network.',
        'Then start core-01 again: coreos-lab reload core-01',
      ],
    });
    expect(rogues[0]?.why).toContain("its MAC is of QEMU's range, TTL 64, router 192.168.2.66");
    expect(
      wire.text().filter((line) => line.startsWith('! rogue? 52:54:00:66:66:66 → core-01  DHCP offer')),
    ).toHaveLength(2);
  });

  test('the right one alone is none', () => {
    const { wire, rogues } = observe();
    for (const { frame, length } of recorded('boot.pcap')) wire.take(frame, { length });
    expect(rogues).toEqual([]);
  });
});

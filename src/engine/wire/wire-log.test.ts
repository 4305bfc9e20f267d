import { describe, expect, test } from 'vitest';
import { Names } from './names.js';
import { CORE_01, CORE_02, PROVISIONER, recorded, tcp, testWire, udp } from './test-support.js';
import { matches, noFilter } from './wire-line.js';

const client = { ...CORE_01, port: 40000 };
const server = { ...PROVISIONER, port: 4081 };

function play(name: string) {
  const wire = testWire();
  let last: number | undefined;
  for (const { frame, length, time } of recorded(name)) {
    wire.take(frame, { length, after: last === undefined ? 1000 : time - last });
    last = time;
  }
  return wire;
}

describe('a real boot', () => {
  const wire = play('boot.pcap');

  test('reads as what happened, a line each', () => {
    expect(wire.text()).toEqual([
      'core-provisioner → all  IPv6 multicast report ×4',
      'core-provisioner → all  IPv6 neighbour solicitation (NS)',
      'core-provisioner → all  IPv6 router solicitation (RS): is there a router? ×4',
      'core-01 → all  DHCP discover, PXE x86 BIOS, iPXE ×2',
      'core-01 → all  IPv6 router solicitation (RS): is there a router? ×12',
      'core-provisioner → core-01  DHCP offer 192.168.2.15, boot http://192.168.2.2:4081/ipxebootscript, for 2 min ×2',
      'core-01 → all  DHCP request 192.168.2.15, from 192.168.2.2, PXE x86 BIOS, iPXE',
      'core-provisioner → core-01  DHCP ack 192.168.2.15, boot http://192.168.2.2:4081/ipxebootscript, for 2 min',
      'core-01 → all  ARP 192.168.2.15 is mine',
      'core-provisioner → core-01  ARP who has 192.168.2.15? core-01',
      'core-01 → all  ARP who has 192.168.2.2? core-provisioner',
      'core-01 → core-provisioner  HTTP GET /ipxebootscript 200 435 B',
      'core-01 → all  DHCP discover, PXE x86 BIOS, iPXE ×2',
      'core-provisioner → core-01  DHCP offer 192.168.2.15, boot http://192.168.2.2:4081/ipxebootscript, for 2 min ×2',
      'core-01 → all  DHCP request 192.168.2.15, from 192.168.2.2, PXE x86 BIOS, iPXE',
      'core-provisioner → core-01  DHCP ack 192.168.2.15, boot http://192.168.2.2:4081/ipxebootscript, for 2 min',
      'core-01 → core-provisioner  TFTP read greeting.txt 5.9 KiB',
      expect.stringMatching(
        /^! core-01 → core-provisioner {2}TFTP read missing\.txt: file .* not found for 192\.168\.2\.15$/,
      ),
      'core-01 → core-provisioner  DNS A boot.lab: 192.168.2.2',
      'core-01 → core-provisioner  HTTP GET /greeting 200 5 B',
      'core-01 → core-provisioner  HTTP GET /images/vmlinuz 200 5.9 KiB',
      'core-01 → core-provisioner  HTTP GET /images/initrd.cpio.gz 200 20 KiB',
      '! core-01 → core-provisioner  HTTP GET /images/missing 404 Not Found',
      'core-01 → core-provisioner  Ignition for serial 0800278e158a-0 200 32 B',
      '! core-01 → core-provisioner  TCP port 4082 refused',
    ]);
  });

  test('is of frames that are each counted once', () => {
    expect(wire.log.lines.reduce((sum, { frames }) => sum + frames, 0)).toBe(recorded('boot.pcap').length);
  });

  test('can be filtered', () => {
    const of = (filter: Partial<typeof noFilter>) =>
      wire.log.lines.filter((line) => matches(line, { ...noFilter, ...filter }));
    expect(of({ protocols: ['ignition', 'dns'] })).toHaveLength(2);
    expect(of({ machines: ['core-02'] })).toEqual([]);
    expect(of({ machines: ['core-01', 'core-02'] }).length).toBe(of({ machines: ['core-01'] }).length);
    expect(of({ text: 'VMLINUZ' })).toHaveLength(1);
  });
});

describe('a transfer', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n';
  const open = (wire: ReturnType<typeof testWire>, start: number) => {
    wire.take(tcp(client, server, 'S', 100));
    wire.take(tcp(server, client, 'SA', start));
    wire.take(tcp(client, server, 'A', 101));
    expect(wire.text()).toEqual([]);
    wire.take(tcp(client, server, 'PA', 101, 'GET /images/initrd HTTP/1.1\r\nhost: x\r\n\r\n'));
  };

  test('is one line that makes progress, whatever of its frames was recorded', () => {
    const wire = testWire();
    // Sequence numbers begin again on the way.
    const start = 0xffff_ff00;
    open(wire, start);
    expect(wire.text()).toEqual(['core-01 → core-provisioner  HTTP GET /images/initrd']);
    wire.take(tcp(server, client, 'A', start + 1, head));
    const body = (at: number) => tcp(server, client, 'A', start + 1 + head.length + at, Buffer.alloc(1400));
    for (let at = 0; at < 620_000; at += 1400) wire.take(body(at).subarray(0, 128), { length: 1454 });
    expect(wire.text()).toEqual(['core-01 → core-provisioner  HTTP GET /images/initrd 200 62% of 977 KiB']);
    // Frames that were not recorded, or come again, change nothing in the end.
    wire.take(body(700_000).subarray(0, 128), { length: 1454 });
    wire.take(body(0).subarray(0, 128), { length: 1454 });
    for (let at = 620_200; at < 1_000_000; at += 1400)
      wire.take(body(at).subarray(0, 128), { length: 1454, after: 10_000 });
    expect(wire.text()).toEqual([expect.stringMatching(/ HTTP GET \/images\/initrd 200 977 KiB in 3\.\d s$/)]);
    expect(wire.log.lines[0]).toMatchObject({ settled: true, machines: ['core-01', 'core-provisioner'] });
    expect(wire.log.lines[0]?.refs).toHaveLength(9);
  });

  test('that is cut off says so', () => {
    const wire = testWire();
    open(wire, 5000);
    wire.take(tcp(server, client, 'A', 5001, head + 'x'.repeat(1000)));
    wire.take(tcp(server, client, 'R', 5001 + head.length + 1000));
    expect(wire.text()).toEqual([
      '! core-01 → core-provisioner  HTTP GET /images/initrd 200, cut off at 0% of 977 KiB',
    ]);
  });

  test('of which the head comes in pieces is understood', () => {
    const wire = testWire();
    open(wire, 5000);
    for (let at = 0; at < head.length; at += 8) wire.take(tcp(server, client, 'A', 5001 + at, head.slice(at, at + 8)));
    wire.take(tcp(server, client, 'A', 5001 + head.length, Buffer.alloc(1000)));
    expect(wire.text()).toEqual(['core-01 → core-provisioner  HTTP GET /images/initrd 200 0% of 977 KiB']);
  });

  test('several on one connection are a line each', () => {
    const wire = testWire();
    open(wire, 5000);
    const small = 'HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok';
    wire.take(tcp(server, client, 'A', 5001, small));
    wire.take(
      tcp(client, server, 'A', 140, 'PUT /admin/host/0800278e158a-0/boot_complete HTTP/1.1\r\nhost: x\r\n\r\n{}'),
    );
    wire.take(tcp(server, client, 'A', 5001 + small.length, small));
    wire.take(tcp(server, client, 'FA', 5001 + 2 * small.length));
    expect(wire.text()).toEqual([
      'core-01 → core-provisioner  HTTP GET /images/initrd 202 2 B',
      'core-01 → core-provisioner  HTTP PUT /admin/host/0800278e158a-0/boot_complete 202 2 B, boot complete',
    ]);
  });
});

test('etcd peers are told once per pair, however often they connect', () => {
  const wire = testWire();
  for (const { mac, ip } of [CORE_01, CORE_02]) wire.names.learn(ip, mac);
  const peer = { ...CORE_02, port: 2380 };
  for (let port = 40000; port < 40020; port++) {
    wire.take(tcp({ ...CORE_01, port }, peer, 'S', 1));
    wire.take(tcp(peer, { ...CORE_01, port }, 'RA', 0));
  }
  expect(wire.text()).toEqual(['core-01 → core-02  etcd peer core-02 is not there yet']);
  wire.take(tcp({ ...CORE_01, port: 50000 }, peer, 'S', 1));
  wire.take(tcp(peer, { ...CORE_01, port: 50000 }, 'SA', 1));
  wire.take(tcp({ ...CORE_01, port: 50000 }, peer, 'A', 2, 'x'.repeat(300)));
  expect(wire.text()).toEqual(['core-01 → core-02  etcd peer connected to core-02']);
});

test('what etcd is asked again and again is a line that counts; what goes wrong is told', () => {
  const wire = testWire();
  for (const { mac, ip } of [CORE_01, CORE_02]) wire.names.learn(ip, mac);
  const peer = { ...CORE_02, port: 2380 };
  const ask = (port: number, answer: string) => {
    const from = { ...CORE_01, port };
    wire.take(tcp(from, peer, 'S', 1));
    wire.take(tcp(peer, from, 'SA', 1));
    wire.take(tcp(from, peer, 'PA', 2, 'GET /raft/probing HTTP/1.1\r\nhost: x\r\n\r\n'));
    wire.take(tcp(peer, from, 'PA', 2, answer));
    wire.take(tcp(peer, from, 'FA', 2 + answer.length));
  };
  const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
  for (let port = 40000; port < 40007; port++) ask(port, ok);
  ask(40007, 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
  ask(40008, ok);
  expect(wire.text().filter((line) => line.includes('probing'))).toEqual([
    'core-01 → core-02  HTTP GET /raft/probing 200 2 B ×8',
    '! core-01 → core-02  HTTP GET /raft/probing 503 Service Unavailable',
  ]);
});

test('a machine that is added later has its name from then on', () => {
  const machines = [{ name: 'core-provisioner', role: 'provisioner' as 'provisioner' | 'node', ...PROVISIONER }];
  const names = new Names(machines);
  expect(names.card(CORE_01.mac)).toBe(`unknown ${CORE_01.mac}`);
  expect(names.address(PROVISIONER.ip)).toBe('core-provisioner');
  machines.push({ name: 'core-04', role: 'node', ...CORE_01 });
  expect(names.card(CORE_01.mac)).toBe('core-04');
  expect(names.address(CORE_01.ip)).toBe('core-04');
});

test('a flood of connections and names fills no memory', () => {
  const wire = testWire();
  for (let index = 0; index < 5000; index++) {
    const from = { mac: CORE_01.mac, ip: `10.${index & 255}.${(index >> 8) & 255}.1`, port: 1024 + (index % 60_000) };
    wire.take(tcp(from, { ...PROVISIONER, port: 23 }, 'A', 1, 'x'), { after: 100 });
    wire.take(udp(from, { ...PROVISIONER, port: 9 }, 'x'), { after: 100 });
  }
  expect(wire.log.lines.length).toBeLessThanOrEqual(6000);
});

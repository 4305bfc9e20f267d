import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeOmaha } from './decode/omaha.js';
import { frameFields } from './fields.js';
import { errorText } from './omaha-codes.js';
import { CORE_01, PROVISIONER, recorded, type TestWire, tcp, testWire } from './test-support.js';

const client = { ...CORE_01, port: 40000 };
const server = { ...PROVISIONER, port: 8000 };
/** Recorded between the Lab OS's engine and Nebraska 2.8.6. */
const message = (name: string) =>
  readFileSync(new URL(`../../../provision/update-engine/omaha/testdata/${name}.xml`, import.meta.url));

const request = (body: Buffer) => [
  Buffer.from(`POST /v1/update/ HTTP/1.1\r\nHost: 192.168.2.2:8000\r\nContent-Length: ${body.length}\r\n\r\n`),
  body,
];
const answer = (body: Buffer) => [
  Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n`),
  body,
];

/** Where each side's next byte stands. */
interface Talk {
  wire: TestWire;
  up: number;
  down: number;
}

function talk(): Talk {
  const wire = testWire();
  wire.take(tcp(client, server, 'S', 100));
  wire.take(tcp(server, client, 'SA', 500));
  return { wire, up: 101, down: 501 };
}

/** Sends parts in segments of `size` bytes, each in its own turn. */
function says(it: Talk, who: 'node' | 'server', parts: readonly Buffer[], size = 1400, order = (n: number[]) => n) {
  const bytes = Buffer.concat(parts);
  const from = who === 'node' ? it.up : it.down;
  const starts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => index * size);
  for (const at of order(starts)) {
    const piece = bytes.subarray(at, at + size);
    it.wire.take(
      who === 'node' ? tcp(client, server, 'PA', from + at, piece) : tcp(server, client, 'PA', from + at, piece),
    );
  }
  if (who === 'node') it.up += bytes.length;
  else it.down += bytes.length;
}

const story = ({ wire }: Talk) => wire.text().map((line) => line.replaceAll('core-provisioner', 'server'));

describe('a message', () => {
  test('of an engine is read in full', () => {
    expect(decodeOmaha(message('check'))).toEqual({
      request: {
        updater: 'update_engine-labos-1.0',
        onDemand: true,
        application: '{e96281a6-d1af-4bde-9a0a-97b76e56dc57}',
        version: '1.0.0',
        group: 'lab <a&b>',
        machine: '0123456789abcdef0123456789abcdef',
        alias: 'the "first"',
        board: 'amd64-usr',
        aleph: '0.9.0',
        check: true,
        ping: true,
        events: [{ type: 3, result: 2, previous: '0.9.0' }],
      },
    });
    expect(decodeOmaha(message('failed'))?.request).toMatchObject({
      check: false,
      ping: false,
      events: [{ type: 3, result: 0, error: 268435466 }],
    });
  });

  test('of Nebraska too', () => {
    expect(decodeOmaha(message('nebraska-offer'))).toEqual({
      answer: {
        server: 'nebraska',
        application: '{e96281a6-d1af-4bde-9a0a-97b76e56dc57}',
        status: 'ok',
        check: 'ok',
        version: '1.1.0',
        file: 'flatcar_production_update.gz',
        size: 2097538,
        codebase: 'http://127.0.0.1:8000/flatcar/1.1.0/',
        sha256: 'watGnyWcREi++TNINpYqLi0aHyF9g4T0Mnd8DTCcDXA=',
      },
    });
  });

  test('with damage says what is left of it', () => {
    const damaged = message('check');
    damaged.fill(0, damaged.indexOf('<updatecheck'), damaged.indexOf('<updatecheck') + 5);
    expect(decodeOmaha(damaged)?.request).toMatchObject({ version: '1.0.0', check: false });
    expect(decodeOmaha(message('check').subarray(300), { piece: true })?.request).toMatchObject({ check: true });
  });

  test('that is none is none', () => {
    expect(decodeOmaha(Buffer.from('<html lang="en"><app appid="x" version="1"></html>'))).toBeUndefined();
    expect(decodeOmaha(Buffer.from('<request>'))).toBeUndefined();
  });

  test('of an enemy takes no time and brings nothing to the terminal', () => {
    const steering = '<request protocol="3.0"><app appid="x" version="&#27;[2J&#x9b;\u001b[0m" track="ä&#9731;">';
    expect(decodeOmaha(Buffer.from(steering))?.request).toMatchObject({
      version: '·[2J···[0m',
      group: expect.stringMatching(/^·+$/),
    });
    const many = `<request protocol="3.0">${'<event eventtype="3" eventresult="1">'.repeat(10_000)}`;
    expect(decodeOmaha(Buffer.from(many))?.request?.events).toHaveLength(8);
    for (const bad of ['<request protocol="3.0" ', '<a ', `<a ${'b'.repeat(60)} `, '"', "<a b='"])
      expect(decodeOmaha(Buffer.from(`<request protocol="3.0">${bad.repeat(64 * 1024)}`))?.request).toMatchObject({
        check: false,
      });
  });
});

describe('on the wire', () => {
  test('a question is a line, and what is decided another one, whatever the segments', () => {
    for (const size of [1400, 7, 1]) {
      const it = talk();
      const inPieces = (who: 'node' | 'server', [head, body]: Buffer[]) => {
        says(it, who, [head as Buffer]);
        says(it, who, [body as Buffer], size);
      };
      inPieces('node', request(message('sent-check')));
      expect(story(it)).toEqual(['core-01 → server  Omaha asks for an update: has 1.0.0, group lab']);
      inPieces('server', answer(message('nebraska-offer')));
      expect(story(it)).toEqual([
        'core-01 → server  Omaha asks for an update: has 1.0.0, group lab',
        'server → core-01  Omaha is offered 1.1.0 (2.0 MiB)',
      ]);
      expect(it.wire.log.lines.every(({ settled }) => settled)).toBe(true);
      const frames = it.wire.log.lines.reduce((sum, line) => sum + line.frames, 0);
      expect(frames).toBe(it.wire.happenings.length);
    }
  });

  test('segments may come in another order, and more than once', () => {
    const it = talk();
    const tail = ([first = 0, ...rest]: number[]) => [first, ...rest.reverse(), first, ...rest];
    says(it, 'node', request(message('sent-check')), 200, tail);
    says(it, 'server', answer(message('nebraska-offer')), 200, tail);
    expect(story(it)).toEqual([
      'core-01 → server  Omaha asks for an update: has 1.0.0, group lab',
      'server → core-01  Omaha is offered 1.1.0 (2.0 MiB)',
    ]);
  });

  test('several talks on one connection are told one after another', () => {
    const it = talk();
    for (const [sent, said] of [
      ['sent-check-held-back', 'nebraska-held-back'],
      ['sent-started', 'nebraska-event'],
      ['ping', 'nebraska-event'],
      ['failed', 'nebraska-event'],
      ['check', 'nebraska-noupdate'],
      ['sent-check-paused', 'nebraska-paused'],
    ] as const) {
      says(it, 'node', request(message(sent)), 700);
      says(it, 'server', answer(message(said)), 300);
    }
    expect(story(it)).toEqual([
      'core-01 → server  Omaha asks for an update: has 1.0.0, group lab',
      'server → core-01  Omaha has to wait: others were let in already',
      'core-01 → server  Omaha tells: download started',
      'core-01 → server  Omaha is alive: has 1.0.0, group lab <a&b>',
      '! core-01 → server  Omaha tells: error 10, the payload is not the one that was promised: hash',
      'core-01 → server  Omaha tells: installed after reboot from 0.9.0; asks for an update: has 1.0.0, group lab <a&b>',
      'server → core-01  Omaha no update',
      'core-01 → server  Omaha asks for an update: has 1.0.0, group lab',
      'server → core-01  Omaha has to wait: the rollout is paused',
    ]);
  });

  test('an answer in chunks is understood', () => {
    const it = talk();
    says(it, 'node', request(message('sent-check')));
    const body = message('nebraska-offer');
    const chunk = (part: Buffer) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')];
    const cut = body.indexOf('version="1.1.0"') + 4;
    const chunks = [...chunk(body.subarray(0, cut)), ...chunk(body.subarray(cut)), Buffer.from('0\r\n\r\n')];
    says(it, 'server', [Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), ...chunks], 100);
    expect(story(it).at(-1)).toBe('server → core-01  Omaha is offered 1.1.0 (2.0 MiB)');
  });

  test('what was not recorded, refused or never answered is said to be so', () => {
    const cut = talk();
    const [head, body] = request(message('sent-check')) as [Buffer, Buffer];
    const whole = tcp(client, server, 'PA', cut.up, Buffer.concat([head, body]));
    cut.wire.take(whole.subarray(0, 128), { length: whole.length });
    cut.up += head.length + body.length;
    says(cut, 'server', answer(message('nebraska-offer')));
    expect(story(cut)).toEqual(['core-01 → server  Omaha says something that was not recorded in full']);

    const refused = talk();
    says(refused, 'node', request(message('sent-check')));
    says(refused, 'server', [Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')]);
    expect(story(refused)).toEqual([
      '! core-01 → server  Omaha asks for an update: has 1.0.0, group lab: 503 Service Unavailable',
    ]);

    const silent = talk();
    says(silent, 'node', request(message('sent-check')));
    silent.wire.take(tcp(server, client, 'R', silent.down));
    expect(story(silent)).toEqual(['! core-01 → server  Omaha asks for an update: has 1.0.0, group lab: no answer']);
  });

  test('a server that serves something else there is heard out', () => {
    const it = talk();
    says(it, 'node', request(message('sent-check')));
    says(it, 'server', answer(Buffer.from('<html>hello</html>')));
    expect(story(it)).toEqual([
      'core-01 → server  Omaha asks for an update: has 1.0.0, group lab: the answer was not recorded in full',
    ]);
  });

  test('the payload makes progress like any file', () => {
    const it = talk();
    const get = 'GET /flatcar/1.1.0/flatcar_production_update.gz HTTP/1.1\r\nHost: x\r\n\r\n';
    says(it, 'node', [Buffer.from(get)]);
    expect(story(it)).toEqual(['core-01 → server  Omaha fetches 1.1.0']);
    says(it, 'server', [Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n'), Buffer.alloc(620_000)]);
    expect(story(it)).toEqual(['core-01 → server  Omaha fetches 1.1.0: 62% of 977 KiB']);
    says(it, 'server', [Buffer.alloc(380_000)]);
    expect(story(it)).toEqual([expect.stringMatching(/Omaha fetches 1\.1\.0: 977 KiB in \d\.\d s$/)]);
    says(it, 'node', [Buffer.from(get)]);
    says(it, 'server', [Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')]);
    expect(story(it).at(-1)).toBe('! core-01 → server  Omaha fetches 1.1.0: 404 Not Found');
    says(it, 'node', [Buffer.from(get)]);
    says(it, 'server', [Buffer.from('HTTP/1.1 206 Partial Content\r\nContent-Length: 500\r\n\r\n'), Buffer.alloc(250)]);
    it.wire.take(tcp(server, client, 'R', it.down));
    expect(story(it).at(-1)).toBe('! core-01 → server  Omaha goes on fetching 1.1.0: cut off at 50% of 500 B');
  });

  test('a body that never ends is kept in part', () => {
    const it = talk();
    says(it, 'node', [Buffer.from('POST /v1/update/ HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n')]);
    says(it, 'node', [message('sent-check'), Buffer.alloc(300_000, 'x')]);
    says(it, 'server', answer(message('nebraska-noupdate')));
    expect(story(it)).toEqual([
      'core-01 → server  Omaha asks for an update: has 1.0.0, group lab',
      'server → core-01  Omaha no update',
    ]);
  });
});

test('real updates, by the real engine and the real server, read as a story', () => {
  const wire = testWire();
  for (const { frame, length } of recorded('update.pcap')) wire.take(frame, { length });
  const told = wire.text().filter((line) => line.includes('Omaha'));
  expect(told.slice(0, 9)).toEqual([
    'core-01 → core-provisioner  Omaha asks for an update: has 1.0.0, group lab',
    'core-provisioner → core-01  Omaha is offered 1.1.0 (2.0 MiB)',
    'core-01 → core-provisioner  Omaha tells: download started',
    expect.stringMatching(/^core-01 → core-provisioner {2}Omaha fetches 1\.1\.0: 2\.0 MiB/),
    'core-01 → core-provisioner  Omaha tells: download finished',
    'core-01 → core-provisioner  Omaha tells: update complete, reboot next',
    'core-01 → core-provisioner  Omaha asks for an update: has 1.0.0, group lab',
    'core-provisioner → core-01  Omaha has to wait: others were let in already',
    'core-01 → core-provisioner  Omaha tells: error 34, given no update',
  ]);
  expect(told.at(-2)).toBe(
    '! core-provisioner → core-01  Omaha gets no update: the server finds no package for its group',
  );
});

test('errors lose their flags and get words', () => {
  expect(errorText(2 ** 28 + 10)).toBe('error 10, the payload is not the one that was promised: hash');
  expect(errorText(2 ** 30 + 2 ** 28 + 9)).toBe('error 9, the download failed');
  expect(errorText(2503)).toBe('error 2503, the server answered 503');
  expect(errorText(2000)).toBe('error 2000, no answer from the server');
  expect(errorText(99)).toBe('error 99');
  expect(errorText(undefined)).toBe('an error');
});

test('the fields of a frame are explained', () => {
  const { names } = testWire();
  const fields = (parts: readonly Buffer[], back = false) => {
    const frame = back
      ? tcp(server, client, 'PA', 1, Buffer.concat(parts))
      : tcp(client, server, 'PA', 1, Buffer.concat(parts));
    return frameFields(frame, frame.length, names).slice(5);
  };
  expect(fields(request(message('check')))).toEqual([
    ['HTTP', 'POST /v1/update/'],
    ['host', '192.168.2.2:8000'],
    ['body', '767 bytes'],
    ['Omaha', 'request by update_engine-labos-1.0, because somebody wanted it'],
    ['application', '{e96281a6-d1af-4bde-9a0a-97b76e56dc57}'],
    ['version', '1.0.0, was installed with 0.9.0'],
    ['group', 'lab <a&b>'],
    ['machine', '0123456789abcdef0123456789abcdef (the "first")'],
    ['board', 'amd64-usr'],
    ['asks', 'for an update, to be counted as alive'],
    ['tells', 'event 3.2: installed after reboot from 0.9.0'],
  ]);
  expect(fields(answer(message('nebraska-offer')), true)).toEqual(
    expect.arrayContaining([
      ['Omaha', 'answer of nebraska'],
      ['update', 'ok: is offered 1.1.0 (2.0 MiB)'],
      ['size', '2097538 bytes'],
      ['from', 'http://127.0.0.1:8000/flatcar/1.1.0/flatcar_production_update.gz'],
    ]),
  );
  // The second segment of a message has no beginning.
  expect(fields([message('nebraska-offer').subarray(300)], true)[0]).toEqual(['Omaha', 'answer of a server']);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BootTroubles } from './boot-troubles.js';

const TEXT = [
  '\x1b[2J\x1b[0mSeaBIOS (version 1.16.2)\r\nBooting from Hard Disk...\r\nBoot failed: not a bootable disk\r\n',
  'No bootable device.  Retrying in 5 seconds.\r\n',
  'labos: ignition: no configuration from http://192.168.2.2:4081/ignition: refused\r\n',
  'labos: FAILED: ignition: no configuration from http://192.168.2.2:4081/ignition\r\nlabos: rebooting in 10 seconds\r\n',
  'SeaBIOS\r\nlabos: install: to /dev/vda: Lab OS 1.0.0\r\n[ 9.1] install[355]: flatcar-install: FAILED: not this one\r\n',
  '\x1b[31mlabos: install: FAILED: /dev/vda has 512 MiB, \x1b[0mand 2048 are needed\x07.\r\n',
].join('');
const FOUND = [
  { kind: 'nothing', reason: 'No bootable device' },
  { kind: 'boot', reason: 'ignition: no configuration from http://192.168.2.2:4081/ignition' },
  { kind: 'install', reason: '/dev/vda has 512 MiB, and 2048 are needed' },
];

describe('a machine that gives up', () => {
  test('says why, wherever its text is cut', () => {
    for (let cut = 0; cut <= TEXT.length; cut++) {
      const troubles = new BootTroubles();
      expect([...troubles.feed(TEXT.slice(0, cut)), ...troubles.feed(TEXT.slice(cut))]).toEqual(FOUND);
    }
    const troubles = new BootTroubles();
    expect([...TEXT].flatMap((each) => troubles.feed(each))).toEqual(FOUND);
  });

  test.each([
    'SeaBIOS\r\n',
    'labos: install: to /dev/vda: Lab OS\r\n',
    'labos: install: 0% checking /usr\r\n',
  ])('has not when it begins anew: %j', (anew) => {
    const troubles = new BootTroubles();
    troubles.feed('labos: install: FAILED: no disk\r\nlab: something\r\n');
    expect(troubles.installFailed).toBe('no disk');
    troubles.feed(anew);
    expect(troubles.installFailed).toBeUndefined();
  });

  test('is power-on the end of that; an unfinished line is forgotten', () => {
    const troubles = new BootTroubles();
    troubles.feed('labos: install: FAILED: no disk\r\nlabos: FAILED: ro');
    troubles.begin();
    expect(troubles.installFailed).toBeUndefined();
    expect(troubles.feed('ot\r\n')).toEqual([]);
  });

  test('speaks UTF-8, which a console log read byte by byte is not', () => {
    const troubles = new BootTroubles();
    const bytes = Buffer.from('labos: install: FAILED: this needs root: sudo flatcar-install …\r\n').toString('latin1');
    expect(troubles.feed(bytes)[0]?.reason).toBe('this needs root: sudo flatcar-install …');
  });

  test('is read off any bytes without harm or growth', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constant('labos: FAILED: '), fc.constant('\n'))), (parts) => {
        const troubles = new BootTroubles();
        const found = parts.flatMap((part) => troubles.feed(part));
        expect(found).toEqual(new BootTroubles().feed(parts.join('')));
      }),
    );
    const long = new BootTroubles();
    for (let n = 0; n < 500; n++) long.feed('.'.repeat(5000));
    expect(JSON.stringify(long).length).toBeLessThan(2000);
    expect(long.feed('labos: FAILED: at last\n')).toHaveLength(1);
  });
});

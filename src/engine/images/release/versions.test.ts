import { describe, expect, test } from 'vitest';
import { flatcar } from '../definitions/flatcar.js';
import { imageDefinition, type ReleaseSource } from '../image-definition.js';
import { sha512In } from './digests.js';
import { releasePlace } from './release-place.js';
import { digestList } from './test-support.js';
import { channelOf, compareVersions, isChannel } from './versions.js';

const release = flatcar.release as ReleaseSource;

test('the middle number of a version is its channel', () => {
  const channels = ['4790.0.0', '4757.1.0', '4593.2.5', '4081.3.10'].map((version) => channelOf(release, version));
  expect(channels).toEqual(['alpha', 'beta', 'stable', 'lts']);
  for (const none of ['stable', '1.0.0', '4593.2', '4593.9.1', '4593.2.5+nightly', '../4593.2.5', ''])
    expect(channelOf(release, none)).toBeUndefined();
});

test('versions are compared by their numbers', () => {
  const sorted = ['4593.2.10', '4593.2.4', '4757.0.0', '4593.2.5'].sort(compareVersions);
  expect(sorted).toEqual(['4593.2.4', '4593.2.5', '4593.2.10', '4757.0.0']);
  expect(compareVersions('4593.2.5', '4593.2.5')).toBe(0);
});

test('only Flatcar has channels', () => {
  expect(isChannel(flatcar, 'stable')).toBe(true);
  expect(isChannel(flatcar, '4593.2.5')).toBe(false);
  expect(isChannel(imageDefinition('labos'), 'stable')).toBe(false);
});

describe('files are', () => {
  test('at their publisher', () => {
    const place = releasePlace(release, undefined);
    expect(place.file('stable', '4593.2.5', 'version.txt')).toBe(
      'https://stable.release.flatcar-linux.net/amd64-usr/4593.2.5/version.txt',
    );
    expect(place.file('update', '4593.2.5', 'flatcar_production_update.gz')).toBe(
      'https://update.release.flatcar-linux.net/amd64-usr/4593.2.5/flatcar_production_update.gz',
    );
    expect(place.key(release.imageKey)).toEqual([release.imageKey.url]);
  });

  test('in the same folders of a mirror, which may have the keys too', () => {
    expect(releasePlace(release, 'http://mirror/flatcar/').file('stable', 'current', 'version.txt')).toBe(
      'http://mirror/flatcar/stable/amd64-usr/current/version.txt',
    );
    const place = releasePlace(release, '/media/usb');
    expect(place.file('lts', '4081.3.10', 'version.txt')).toBe('/media/usb/lts/amd64-usr/4081.3.10/version.txt');
    expect(place.key(release.updateKey)).toEqual(['/media/usb/official-v2.pub.pem', release.updateKey.url]);
  });
});

describe('a list of digests', () => {
  const content = Buffer.from('content');
  const list = digestList('a.img', content);
  const [hex] = /[0-9a-f]{128}/.exec(list) ?? [];

  test('says the SHA-512 of its file', () => {
    expect(sha512In(list, 'a.img')).toBe(hex);
    expect(sha512In(list.replaceAll('\n', '\r\n'), 'a.img')).toBe(hex);
  });

  test.each([
    ['of another file', list, 'b.img'],
    ['of a file with a longer name', list, 'img'],
    ['that says two', list + list, 'a.img'],
    ['without a SHA-512', list.slice(0, list.indexOf('# SHA512')), 'a.img'],
    ['that is empty', '', 'a.img'],
  ])('%s says nothing', (_name, text, file) => {
    expect(sha512In(text, file)).toBeUndefined();
  });
});

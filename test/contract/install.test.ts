import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BootTroubles } from '../../src/engine/console/boot-troubles.js';
import { sha256 } from '../../src/engine/images/test-support.js';

const SCRIPT = join(import.meta.dirname, '../../provision/mayu/files/node/install');
const SERVED =
  '{"ignition":{"version":"3.3.0"},"storage":{"files":[]},"systemd":{"units":[{"name":"install.service"}]}}';

/** Programs that the installer calls on a node where all goes well. */
const PROGRAMS = {
  findmnt: 'echo tmpfs',
  curl: `while [ "$1" != -o ]; do shift; done; echo '${SERVED}' > "$2"`,
  // Only the waits between two tries are left out.
  sleep: '[ "$1" = 1 ] || exec /bin/sleep "$@"',
  'flatcar-install': 'echo "$@" > "$ROOT/installed"',
  systemctl: 'echo "$@" > "$ROOT/rebooted"',
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'install-'));
  for (const folder of ['bin', 'run', 'dev', 'proc', 'etc']) await mkdir(join(root, folder));
  await writeFile(join(root, 'dev/console'), '');
  await writeFile(
    join(root, 'proc/cmdline'),
    'console=ttyS0 flatcar.config.url=http://192.168.2.2:4081/ignition quiet',
  );
  await writeFile(join(root, 'etc/os-release'), 'ID=labos\nVERSION_ID=1.0.0\n');
  await mkdir(join(root, 'etc/coreos-lab'));
  await mkdir(join(root, 'var'));
  await writeFile(join(root, 'etc/coreos-lab/node.env'), 'IMAGES_URL=http://192.168.2.2:4080/fileserver/images\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Runs the installer as it is, over files and programs of a node of our own; `change`: what is different there. */
async function install(change: Partial<Record<keyof typeof PROGRAMS, string>> = {}) {
  for (const [name, body] of Object.entries({ ...PROGRAMS, ...change })) {
    await writeFile(join(root, 'bin', name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  }
  const here = await readFile(SCRIPT, 'utf8');
  // The console is a device, to which one may write anew each time.
  const there = here
    .replace(/> (\/dev\/console)/g, `>> $1`)
    .replace(/\/(dev\/console|run\/|proc\/|etc\/|var\/)/g, `${root}/$1`);
  await writeFile(join(root, 'install'), there, { mode: 0o755 });
  const env = { ROOT: root, PATH: `${join(root, 'bin')}:${process.env.PATH}` };
  // To a file, as the console is one: a pipe would stay open as long as somebody holds it.
  const words = await open(join(root, 'stderr'), 'w+');
  const child = spawn(join(root, 'install'), [], { env, stdio: ['ignore', 'ignore', words.fd] });
  const [exitCode] = await once(child, 'exit');
  await words.close();
  const stderr = await readFile(join(root, 'stderr'), 'utf8');
  const console = await readFile(join(root, 'dev/console'), 'utf8');
  return { exitCode, stderr, console, troubles: new BootTroubles().feed(console) };
}

const line = async (text: string) =>
  (await readFile(SCRIPT, 'utf8')).split('\n').findIndex((each) => each.includes(text)) + 1;

describe('the installer of a node', () => {
  test('installs the version that runs, without what only installing needs, and reboots', async () => {
    expect(await install()).toMatchObject({ exitCode: 0, console: '', stderr: '' });
    expect(await readFile(join(root, 'installed'), 'utf8')).toBe(`-s -V 1.0.0 -i ${root}/run/coreos-lab.ign\n`);
    expect(JSON.parse(await readFile(join(root, 'run/coreos-lab.ign'), 'utf8')).systemd.units).toEqual([]);
    expect(await readFile(join(root, 'rebooted'), 'utf8')).toBe('--force reboot\n');
  });

  describe('of Flatcar', () => {
    const IMAGE = 'the disk to install';
    const NAME = 'flatcar_production_image.bin.bz2';
    /** Mayu's configuration, and the lab's own copy of the image as the provisioner serves it; `sums`: of what it says it is. */
    const served = (image: string, sums = `${sha256(IMAGE)}  ${NAME}\n`) => `
for url; do :; done
while [ "$1" != -o ]; do shift; done
echo "$url" >> "$ROOT/asked"
case $url in
  */ignition) echo '${SERVED}' > "$2" ;;
  */4757.2.0/SHA256SUMS) printf '%s' '${sums}' > "$2" ;;
  */4757.2.0/${NAME}) printf '%s' '${image}' > "$2" ;;
  *) exit 22 ;;
esac`;
    const FOLDER = 'http://192.168.2.2:4080/fileserver/images/4757.2.0';
    beforeEach(() => writeFile(join(root, 'etc/os-release'), 'NAME="Flatcar"\nID="flatcar"\nVERSION_ID=4757.2.0\n'));

    test("writes the lab's own copy, which it has looked at before, and asks nobody else", async () => {
      const copy = 'cat "$5" > "$ROOT/written"; echo "$@" > "$ROOT/installed"';
      const { exitCode, console } = await install({ curl: served(IMAGE), 'flatcar-install': copy });
      expect({ exitCode, console }).toEqual({ exitCode: 0, console: `labos: install: fetching ${FOLDER}/${NAME}\n` });
      expect(await readFile(join(root, 'installed'), 'utf8')).toBe(
        `-s -V 4757.2.0 -f ${root}/var/flatcar.bin.bz2 -i ${root}/run/coreos-lab.ign\n`,
      );
      expect(await readFile(join(root, 'written'), 'utf8')).toBe(IMAGE);
      const asked = (await readFile(join(root, 'asked'), 'utf8')).trim().split('\n');
      expect(asked).toEqual(['http://192.168.2.2:4081/ignition', `${FOLDER}/SHA256SUMS`, `${FOLDER}/${NAME}`]);
    });

    test.each([
      ['arrived damaged', served('the disk to instull'), /arrived damaged: run coreos-lab image send/],
      ['the provisioner does not vouch for', served(IMAGE, `${sha256(IMAGE)}  another\n`), /arrived damaged/],
      [
        'cannot be had',
        served(IMAGE).replace(`*/4757.2.0/${NAME})`, 'never)').replace('exit 22', 'echo "curl: (22) 404" >&2; exit 22'),
        /^no image to install from http:\S+: curl: \(22\) 404$/,
      ],
    ])('writes nothing that %s', async (_what, curl, reason) => {
      const { exitCode, troubles } = await install({ curl, 'flatcar-install': 'touch "$ROOT/installed"' });
      expect(exitCode).toBe(1);
      expect(troubles).toEqual([{ kind: 'install', reason: expect.stringMatching(reason) }]);
      expect(existsSync(join(root, 'installed'))).toBe(false);
    });
  });

  test('says which command ended it', async () => {
    const { exitCode, troubles } = await install({
      curl: `while [ "$1" != -o ]; do shift; done; echo '<html>' > "$2"`,
    });
    expect(exitCode).toBeGreaterThan(0);
    expect(troubles).toEqual([
      { kind: 'install', reason: expect.stringMatching(/^line \d+, jq 'del\(\.storage\.links\) .* ended with \d+$/) },
    ]);
    expect(troubles[0]?.reason).toContain(`line ${await line('select(.path == "/opt/coreos-lab/install")')}, `);
  });

  test('says what a value that is missing was', async () => {
    await writeFile(join(root, 'etc/os-release'), 'ID=labos\n');
    const { troubles } = await install();
    expect(troubles).toEqual([{ kind: 'install', reason: expect.stringContaining('ended with 1') }]);
  });

  test("gives the last words of Flatcar's installer, which tells the console nothing", async () => {
    const words =
      'echo Downloading; printf "10%%\\r20%%\\r\\n" >&2; echo "Error: no disk is large enough" >&2; echo >&2; exit 3';
    const { exitCode, troubles, stderr } = await install({ 'flatcar-install': words });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('Error: no disk is large enough');
    expect(troubles).toEqual([
      {
        kind: 'install',
        reason: expect.stringMatching(/^line \d+, flatcar-install -s .* ended with 3: Error: no disk is large enough$/),
      },
    ]);
  });

  test('does not wait for what the installer left running', async () => {
    const words = 'echo "Error: no key" >&2; sleep 600 & echo $! > "$ROOT/left"; exit 3';
    const { troubles } = await install({ 'flatcar-install': words });
    process.kill(Number(await readFile(join(root, 'left'), 'utf8')));
    expect(troubles).toMatchObject([{ kind: 'install', reason: expect.stringMatching(/: Error: no key$/) }]);
  });

  test("adds nothing to what the Lab OS's installer told", async () => {
    const words =
      'echo "labos: install: FAILED: /dev/vda has 512 MiB" >> "$ROOT/dev/console"; echo "flatcar-install: FAILED: /dev/vda has 512 MiB" >&2; exit 1';
    const { exitCode, troubles } = await install({ 'flatcar-install': words });
    expect(exitCode).toBe(1);
    expect(troubles).toEqual([{ kind: 'install', reason: '/dev/vda has 512 MiB' }]);
  });

  test('tells once that Mayu gives no configuration', async () => {
    const { exitCode, troubles } = await install({ curl: 'echo "curl: (7) refused" >&2; exit 7' });
    expect(exitCode).toBe(1);
    expect(troubles).toEqual([{ kind: 'install', reason: 'no configuration from Mayu: curl: (7) refused' }]);
  });

  test('says that the reboot failed, but not that it was stopped by one', async () => {
    expect((await install({ systemctl: 'exit 1' })).troubles).toHaveLength(1);
    await writeFile(join(root, 'dev/console'), '');
    expect(await install({ systemctl: 'kill $$' })).toMatchObject({ exitCode: 143, console: '' });
    expect(await install({ systemctl: 'kill $PPID; sleep 1' })).toMatchObject({ console: '' });
  });

  test('does nothing in a system that is installed', async () => {
    expect(await install({ findmnt: 'echo ext4', 'flatcar-install': 'exit 9' })).toMatchObject({
      exitCode: 0,
      console: '',
    });
  });
});

import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from './support/free-port.js';
import { buildUpdateServer, CHECK, event, omaha } from './support/update-server.js';

/**
 * What the lesson runs on the provisioner, over a real update server on loopback addresses. The paths of the provisioner are others here; and docker and
 * systemd are scripts that do the one thing of theirs that counts: the service's command, and with it the server, really runs.
 */
const PROVISIONER = '127.0.0.71';
const NODES = { 'core-01': '127.0.0.71', 'core-02': '127.0.0.72', 'core-03': '127.0.0.73' };
type Name = keyof typeof NODES;
let program: string;
let built: string;
let directory: string;
let port: number;
let server: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'update-server-'));
  program = buildUpdateServer(built);
  return () => rm(built, { recursive: true, force: true });
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'update-scripts-'));
  port = await freePort();
  const etcd = await freePort();
  server = `http://${PROVISIONER}:${port}`;
  for (const folder of ['bin', 'units', 'images', 'mayu']) await mkdir(join(directory, folder));
  await writeFile(join(directory, 'lab.env'), `PROVISIONER_IP=${PROVISIONER}\nNODE_POOL_START=127.0.0.71\n`);
  await cp('provision/update', join(directory, 'update'), { recursive: true });
  for (const name of ['start', 'watch', 'publish', 'apply', 'servers/stand-in.sh', 'servers/nebraska.sh']) {
    const file = join(directory, 'update', name);
    const text = (await readFile(file, 'utf8'))
      .replaceAll('/etc/coreos-lab/lab.env', join(directory, 'lab.env'))
      .replaceAll('/etc/systemd/system', join(directory, 'units'))
      .replaceAll('/var/lib/update', join(directory, 'home'))
      .replaceAll('/var/lib/mayu', join(directory, 'mayu'))
      .replaceAll(':8000', `:${port}`)
      .replaceAll('SECONDS + 180', 'SECONDS + 3')
      .replaceAll(':2379', `:${etcd}`)
      .replaceAll('sleep 3', 'sleep 1');
    await writeFile(file, text);
  }
  env = { ...process.env, PATH: `${directory}/bin:${process.env.PATH}`, DIR: directory, PROGRAM: program };
  for (const [name, text] of Object.entries(PROGRAMS)) {
    await writeFile(join(directory, 'bin', name), `#!/bin/bash\nset -eu\n${text}\n`);
    await chmod(join(directory, 'bin', name), 0o755);
  }
});
afterEach(async () => {
  for (const name of ['update-server', 'update-database'])
    await execa(join(directory, 'bin/docker'), ['rm', '--force', name], { env });
  await rm(directory, { recursive: true, force: true });
});

/**
 * docker: images are files; a container is the update server, wherever it is said to listen, or for a database a sleep. systemctl: starts what the unit
 * says, after what is said to come before.
 */
const PROGRAMS = {
  docker: `
case "$1 $2" in
  'image inspect') [ -e "$DIR/images/$(tr / _ <<< "$3")" ] ;;
  'rm --force') [ ! -e "$DIR/$3.pid" ] || { kill -9 "$(cat "$DIR/$3.pid")" 2> /dev/null; rm "$DIR/$3.pid"; } || true ;;
  'run --rm')
    echo $$ > "$DIR/$4.pid"
    echo "$*" >> "$DIR/ran"
    [ "$4" = update-server ] || exec sleep 600
    while [ $# -gt 0 ]; do
      case $1 in -listen) listen=$2 ;; --publish) listen=\${2%:*} ;; -home) home=$2 ;; esac
      shift
    done
    exec "$PROGRAM" -listen "$listen" -home "\${home:-$DIR/home}"
    ;;
  *) exit 64 ;;
esac`,
  systemctl: `
echo "$*" >> "$DIR/asked"
case $1 in
  daemon-reload | enable) ;;
  disable) docker rm --force "$(basename "\${@: -1}" .service)" ;;
  restart)
    [ ! -e "$DIR/broken" ] || exit 0
    before=$(sed -n 's/^ExecStartPre=-//p' "$DIR/units/$2") command=$(sed -n 's/^ExecStart=//p' "$DIR/units/$2")
    $before
    $command > "$DIR/log" 2>&1 < /dev/null &
    ;;
  *) exit 64 ;;
esac`,
  journalctl: '[ "$1 $3" = "--unit --lines" ] && echo "the last words of $2"',
  // Users of containers are nobody's business here.
  chown: 'echo "chown $*" >> "$DIR/asked"',
};

const run = (script: string, ...args: string[]) =>
  execa('bash', [join(directory, 'update', script), ...args], { env, reject: false });
const brought = (image: string) => writeFile(join(directory, 'images', image.replaceAll('/', '_')), '');
const unit = (name: string) => readFile(join(directory, 'units', `${name}.service`), 'utf8');
const noted = async (name: string) =>
  (await readFile(join(directory, name), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);
const answers = async () =>
  (await execa('curl', ['-s', '--noproxy', '*', `${server}/health`], { reject: false })).stdout;

describe('start', () => {
  test('says how to bring the image that is not there, and changes nothing', async () => {
    const { exitCode, stderr } = await run('start');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr:
        'start: the container image coreos-lab/update-server:1.0.0 is not here. Bring it first: coreos-lab updates fetch',
    });
    expect(await readdir(join(directory, 'units'))).toEqual([]);
    expect(await noted('asked')).toEqual([]);
  });

  test('ends when the server answers, and may be repeated: it goes on with what it knew', async () => {
    await brought('coreos-lab/update-server:1.0.0');
    expect(await run('start')).toMatchObject({ exitCode: 0, stdout: `The update server answers on ${server}` });
    expect(await answers()).toBe('OK');
    expect(await unit('update-server')).toContain(
      `coreos-lab/update-server:1.0.0 -listen ${PROVISIONER}:${port} -home`,
    );
    await publish('1.1.0');
    expect(await run('start')).toMatchObject({ exitCode: 0 });
    expect(await noted('ran')).toHaveLength(2);
    expect((await run('apply', 'channel', join(directory, 'update/channel.json'), 'package=1.1.0')).exitCode).toBe(0);
    expect(await noted('asked')).toContain('enable --quiet update-server.service');
  });

  test('says the last words of a server that does not come up', async () => {
    await brought('coreos-lab/update-server:1.0.0');
    await writeFile(join(directory, 'broken'), '');
    expect(await run('start')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/did not come up .* Its last words:\nthe last words of update-server\.service$/),
    });
  });

  test('starts Nebraska behind its database if that was brought last, and then the one without a database again', async () => {
    await mkdir(join(directory, 'home'));
    await writeFile(join(directory, 'home/.server'), 'nebraska\n');
    await brought('coreos-lab/nebraska:wanted');
    expect(await run('start')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('coreos-lab/postgresql') });
    await brought('coreos-lab/postgresql:wanted');
    expect(await run('start')).toMatchObject({ exitCode: 0, stdout: `Nebraska answers on ${server}` });
    const asked = (await noted('asked')).filter((line) => line.startsWith('restart'));
    expect(asked).toEqual(['restart update-database.service', 'restart update-server.service']);
    const [database = '', nebraska = ''] = await noted('ran');
    // Nobody gets at the database but through the folder, which is root's; and at Nebraska by the private address alone.
    expect(database).toMatch(/^run --rm --name update-database --net none .*--env POSTGRES_HOST_AUTH_METHOD=trust/);
    expect(database).not.toContain('publish');
    expect(nebraska.match(/--publish \S+/g)).toEqual([`--publish ${PROVISIONER}:${port}:${port}`]);
    expect(nebraska).toContain('-auth-mode=noop');
    const { stdout: mode } = await execa('stat', ['-c', '%a', join(directory, 'home/nebraska')]);
    expect(mode).toBe('700');

    await brought('coreos-lab/update-server:1.0.0');
    await writeFile(join(directory, 'home/.server'), 'stand-in\n');
    expect(await run('start')).toMatchObject({ exitCode: 0 });
    expect(await noted('asked')).toContain('disable --quiet --now update-database.service');
    expect(await readdir(join(directory, 'units'))).toEqual(['update-server.service']);
  });
});

async function publish(version: string): Promise<void> {
  await writeFile(join(directory, 'payload'), `to ${version}`);
  expect(await run('publish', version, join(directory, 'payload'))).toMatchObject({ exitCode: 0 });
}

describe('watch', () => {
  const ask = (name: Name, version: string, body: string) =>
    omaha(server, { address: NODES[name], id: name.slice(-1).repeat(32), version }, body);
  const begin = (args: string[]) =>
    execa('bash', [join(directory, 'update/watch'), ...args], { env, reject: false, all: true });
  let watching: ReturnType<typeof begin>;
  let said: string;

  beforeEach(async () => {
    await brought('coreos-lab/update-server:1.0.0');
    expect(await run('start')).toMatchObject({ exitCode: 0 });
    await publish('1.1.0');
    const file = (name: string) => join(directory, 'update', `${name}.json`);
    expect(await run('apply', 'channel', file('channel'), 'package=1.1.0')).toMatchObject({ exitCode: 0 });
    expect(await run('apply', 'group', file('group'), 'policy_safe_mode=false')).toMatchObject({ exitCode: 0 });
    // Mayu knows two of the machines by name.
    for (const [name, address] of Object.entries(NODES).slice(0, 2)) {
      await mkdir(join(directory, 'mayu/cluster', name), { recursive: true });
      await mkdir(join(directory, 'mayu/files', `serial-${name}`), { recursive: true });
      const conf = { InternalAddr: address, Serial: `serial-${name}` };
      await writeFile(join(directory, 'mayu/cluster', name, 'conf.json'), JSON.stringify(conf));
      await writeFile(join(directory, 'mayu/files', `serial-${name}`, 'hostname'), name);
    }
  });
  afterEach(async () => {
    watching.kill('SIGKILL');
    await watching;
  });

  function watch(...args: string[]): void {
    said = '';
    watching = begin(args);
    watching.all.on('data', (chunk: Buffer) => {
      said += chunk;
    });
  }
  const says = (line: RegExp) => expect.poll(() => said, { timeout: 30_000 }).toMatch(line);

  test('tells each change once, by the names of the machines, and ends when as many run the version', async () => {
    await ask('core-01', '1.1.0', CHECK);
    // Times are in whole seconds: what was known before is older.
    await pause(1100);
    watch('1.1.0', 'complete', '2');
    await says(/core-01 {2}runs 1\.1\.0$/m);
    await says(/etcd {5}0 of 3 members are healthy/);
    await ask('core-02', '1.0.0', CHECK);
    await says(/core-02 {2}runs 1\.0\.0, is given 1\.1\.0/);
    await ask('core-03', '1.0.0', CHECK);
    await says(/127\.0\.0\.73 {2}runs 1\.0\.0, has to wait/);
    await ask('core-02', '1.0.0', event(13, 1));
    await says(/core-02 {2}runs 1\.0\.0, downloads 1\.1\.0/);
    await ask('core-02', '1.0.0', event(14, 1));
    await says(/core-02 {2}has 1\.1\.0 in place, will restart/);
    await ask('core-02', '1.1.0', event(3, 2, 'previousversion="1.0.0"') + CHECK);
    await says(/core-02 {2}runs 1\.1\.0$/m);
    // core-01 has not asked since: it may be away for good.
    expect(await Promise.race([watching.then(() => 'ended'), pause(2500, 'goes on')])).toBe('goes on');
    await ask('core-01', '1.1.0', CHECK);
    expect(await watching).toMatchObject({ exitCode: 0 });
    expect(said.match(/core-01/g)).toHaveLength(1);
  });

  test('whoever waits for success learns of a failure; what is placed is so since whenever', async () => {
    await ask('core-01', '1.0.0', CHECK);
    await ask('core-01', '1.0.0', event(14, 1));
    watch('1.1.0', 'placed');
    expect(await watching).toMatchObject({ exitCode: 0 });
    await pause(1100);
    watch('1.1.0', 'complete', '1');
    await says(/core-01 {2}has 1\.1\.0 in place/);
    // It counts once it has asked.
    await ask('core-01', '1.0.0', CHECK);
    await ask('core-01', '1.0.0', event(3, 0, 'errorcode="10"'));
    expect(await watching).toMatchObject({ exitCode: 1 });
    expect(said).toMatch(/core-01 {2}runs 1\.0\.0, FAILED to update to 1\.1\.0/);
    expect(said).toMatch(/watch: core-01 could not be updated to 1\.1\.0\. Why: coreos-lab exec core-01 --/);
  });

  test('whoever waits for a failure is done with it', async () => {
    watch('1.1.0', 'error');
    await says(/etcd/);
    await ask('core-02', '1.0.0', CHECK);
    await says(/core-02 {2}runs 1\.0\.0, is given 1\.1\.0/);
    await ask('core-02', '1.0.0', event(3, 0, 'errorcode="10"'));
    expect(await watching).toMatchObject({ exitCode: 0 });
    expect(said).toMatch(/core-02 {2}runs 1\.0\.0, FAILED/);
  });

  test('says how it is called to whoever calls it otherwise', async () => {
    watch('1.1.0', 'forever');
    expect(await watching).toMatchObject({ exitCode: 2 });
    expect(said).toContain('usage: sudo provision/update/watch VERSION complete COUNT');
  });
});

import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Sandbox } from '../e2e/sandbox.js';
import { type Benchmark, type Figure, median, times } from './figures.js';
import { FILES, makeMachines, virtualBox } from './virtualbox-machines.js';

const run = promisify(execFile);

/** A VBoxManage that writes down its calls. `version`: what it says it is, where that is not the truth. */
async function counting(folder: string, version?: string): Promise<void> {
  await mkdir(folder);
  const lie = version === undefined ? '' : `[ "$*" != --version ] || { echo ${version}; exit 0; }\n`;
  const text = `#!/bin/sh\necho "$*" >> '${join(folder, 'calls')}'\n${lie}exec '${join(FILES, 'bin', 'VBoxManage')}' "$@"\n`;
  await writeFile(join(folder, 'VBoxManage'), text);
  await chmod(join(folder, 'VBoxManage'), 0o755);
}

const calls = async (folder: string) => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n').length;

/** A folder of Vagrant's in which it takes these machines for its own. */
async function vagrantFolder(folder: string, state: string, names: readonly string[]): Promise<void> {
  await mkdir(folder);
  const define = names.map((name) => `  config.vm.define "${name}"\n`).join('');
  await writeFile(
    join(folder, 'Vagrantfile'),
    `Vagrant.configure("2") do |config|\n  config.vm.box = "none"\n${define}end\n`,
  );
  for (const name of names) {
    const text = await readFile(join(state, 'coreos-lab/labs/default/machines', name, 'virtualbox.json'), 'utf8');
    const home = join(folder, '.vagrant/machines', name, 'virtualbox');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'id'), JSON.parse(text).uuid);
    await writeFile(join(home, 'creator_uid'), String(process.getuid?.() ?? 0));
  }
}

/** Seconds and calls of a command that must print each machine's state. */
async function measured(
  command: string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  shim: string,
  names: readonly string[],
) {
  const [program = '', ...args] = command;
  const once = async () => {
    await rm(join(shim, 'calls'), { force: true });
    const started = performance.now();
    const { stdout } = await run(program, args, { cwd, env: { ...env, PATH: `${shim}${delimiter}${env.PATH}` } });
    const taken = performance.now() - started;
    const off = stdout
      .split('\n')
      .filter((line) => names.some((name) => line.includes(name)) && /power ?off|off\b/.test(line));
    if (off.length !== names.length)
      throw new Error(`${command.join(' ')} did not tell ${names.length} states:\n${stdout}`);
    return taken / 1000;
  };
  await once();
  const seconds = median(await times(5, once));
  return { seconds, calls: await calls(shim) };
}

export const status: Benchmark = {
  name: 'status',
  async run() {
    const sandbox = await Sandbox.create();
    const { directory, env } = sandbox;
    const state = env.XDG_STATE_HOME ?? '';
    const vbox = virtualBox(directory);
    if (vbox === undefined) {
      console.log('  VirtualBox cannot be installed here: the lines above say why');
      await sandbox.dispose();
      return [];
    }
    Object.assign(env, vbox);
    // For the calls of this program itself, which makes the machines.
    Object.assign(process.env, vbox, { PATH: [join(FILES, 'bin'), process.env.PATH].join(delimiter) });
    await mkdir(join(directory, 'home'));
    const own = join(directory, 'own');
    const lying = join(directory, 'lying');
    await counting(own);
    // Vagrant 2.3 refuses a VirtualBox newer than 7.0, and asks for its version only to know that.
    await counting(lying, '7.0.20r163906');
    const { names, destroy } = await makeMachines(state, join(directory, 'runtime'));
    // As long as one call goes on, VirtualBox's server stays: both are measured with it running.
    const keep = spawn(join(FILES, 'bin', 'VBoxManage'), ['guestproperty', 'wait', names[0] ?? '', 'never'], {
      stdio: 'ignore',
    });
    const figures: Figure[] = [];
    const add = (name: string, result: { seconds: number; calls: number }, note: string) => {
      figures.push({ name, value: result.seconds, unit: 's', note });
      figures.push({ name: `${name}: calls of VBoxManage`, value: result.calls, unit: 'calls' });
    };
    try {
      const bin = resolve('bin/coreos-lab.js');
      const four = `${names.length} machines that are off; median of 5`;
      add('coreos-lab status', await measured([process.execPath, bin, 'status'], env, directory, own, names), four);
      if (!existsSync('/usr/bin/vagrant')) {
        console.log('  vagrant is not installed (sudo apt-get install vagrant), so there is nothing to compare with');
        return figures;
      }
      const folder = join(directory, 'vagrant');
      await vagrantFolder(folder, state, names);
      const vagrant = { ...env, VAGRANT_HOME: join(directory, 'vagrant-home'), VAGRANT_CHECKPOINT_DISABLE: '1' };
      const { stdout } = await run('vagrant', ['--version'], { env: vagrant });
      add(
        'vagrant status',
        await measured(['vagrant', 'status'], vagrant, folder, lying, names),
        `${stdout.trim()}, the same machines`,
      );
    } finally {
      keep.kill();
      await destroy();
      await sandbox.dispose();
    }
    return figures;
  },
};

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { LabEventBody } from '../../../src/engine/events.js';
import { createExec } from '../../../src/engine/exec-process.js';
import {
  createVirtualBoxProvider,
  type VirtualBoxProvider,
  type VirtualBoxProviderOptions,
} from '../../../src/engine/providers/virtualbox/provider.js';
import { HOST } from '../../../src/engine/providers/virtualbox/test-support.js';
import type { ProviderHarness } from '../provider.js';
import { bootSector, VIRTUALBOX_POWER } from './boot-sector.js';
import { testSpec } from './machine-spec.js';
import { until } from './peer.js';
import { buildSwitch } from './switch-script.js';

const FILES = join(import.meta.dirname, '../virtualbox');

export interface VirtualBoxHarness extends ProviderHarness {
  provider: VirtualBoxProvider;
  labDirectory: string;
  runtimeDirectory: string;
  /** The root file system that VirtualBox is installed in. */
  root: string;
  events: LabEventBody[];
  /** Another provider on the same state, with other options. */
  provide(options: Partial<VirtualBoxProviderOptions>): VirtualBoxProvider;
  /** VBoxManage beside the provider; its stdout. */
  vbox(...args: string[]): string;
  pid(name: string): number;
  uuid(name: string): string;
}

/** Installs the real VirtualBox where it is not yet, in a root file system of its own; why not, where that cannot be done. */
export function installVirtualBox(): { root: string } | { reason: string } {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const root = join(cache, 'coreos-lab-tests', 'virtualbox');
  try {
    execFileSync(join(FILES, 'install-root'), [root], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
    execFileSync(join(FILES, 'enter'), ['/bin/true'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, VBOX_TEST_ROOT: root },
    });
    return { root };
  } catch (error) {
    return { reason: String((error as { stderr?: string }).stderr ?? error).trim() };
  }
}

/** A lab of its own, with a VirtualBox of its own: registry, settings and server process. */
export async function createVirtualBoxHarness(root: string): Promise<VirtualBoxHarness> {
  const directory = mkdtempSync(join(tmpdir(), 'lab-vbox-'));
  const labDirectory = join(directory, 'lab');
  const runtimeDirectory = mkdtempSync(join(tmpdir(), 'lab-run-'));
  const display = 50 + (process.pid % 900);
  Object.assign(process.env, {
    VBOX_TEST_ROOT: root,
    VBOX_USER_HOME: join(directory, 'home'),
    VBOX_IPC_SOCKETID: `lab${process.pid}`,
    DISPLAY: `:${display}`,
    PATH: [join(FILES, 'bin'), process.env.PATH].join(delimiter),
  });
  mkdirSync(join(directory, 'home'));
  const screen = spawn(
    join(FILES, 'enter'),
    ['Xvfb', `:${display}`, '-screen', '0', '800x600x24', '-nolisten', 'tcp', '-noreset'],
    {
      stdio: 'ignore',
    },
  );
  await until('the screen is there', () => existsSync(`/tmp/.X11-unix/X${display}`));
  const vbox = (...args: string[]) => execFileSync('VBoxManage', args, { encoding: 'utf8', stdio: 'pipe' });
  // Questions on a screen that nobody sees would wait for ever.
  vbox('setextradata', 'global', 'GUI/SuppressMessages', 'all');

  const switchScript = await buildSwitch(directory);
  const events: LabEventBody[] = [];
  const exec = createExec({ emit: (body: LabEventBody) => void events.push(body) });
  const provide = (other: Partial<VirtualBoxProviderOptions>) =>
    createVirtualBoxProvider({ exec, labDirectory, runtimeDirectory, switchScript, host: HOST, ...other });
  const provider = provide({});
  const base = join(directory, 'base.img');
  writeFileSync(base, Buffer.concat([bootSector(VIRTUALBOX_POWER), Buffer.alloc(1024 * 1024 - 512)]));
  const machine = (name: string) => join(labDirectory, 'machines', name);
  const uuid = (name: string) =>
    JSON.parse(readFileSync(join(machine(name), 'virtualbox.json'), 'utf8')).uuid as string;
  const pid = (name: string) => processOf(uuid(name));

  return {
    provider,
    again: () => provide({}),
    provide,
    directory,
    labDirectory,
    runtimeDirectory,
    root,
    events,
    vbox,
    pid,
    uuid,
    spec: (name, options) => testSpec(name, base, options),
    crash: async (name) => {
      const number = pid(name);
      process.kill(number, 'SIGKILL');
      // VirtualBox's server notices a moment later.
      await until('noticed', () =>
        tried(() => vbox('showvminfo', uuid(name), '--machinereadable')).includes('="aborted"'),
      );
    },
    foreign: async (name) => {
      const title = `lab-${name}`;
      vbox(
        'createvm',
        '--name',
        title,
        '--ostype',
        'Linux_64',
        '--basefolder',
        join(directory, 'foreign'),
        '--register',
      );
      vbox('startvm', title, '--type', 'headless');
      return {
        runs: () => vbox('showvminfo', title, '--machinereadable').includes('VMState="running"'),
        end: async () => {
          vbox('controlvm', title, 'poweroff');
          await until('unlocked', () => tried(() => vbox('unregistervm', title, '--delete') || 'done') !== '');
        },
      };
    },
    leftovers: (name) => [machine(name), ...['uart', 'ser'].map((end) => join(runtimeDirectory, `${name}.${end}`))],
    dispose: async () => {
      if (existsSync(join(labDirectory, 'machines'))) {
        for (const name of ['m1', 'm2', 'm3', 'm4']) await provider.destroy(name);
      }
      await provider.wire.stop();
      screen.kill();
      // By itself it would wait five seconds for another call.
      for (const server of serverProcesses(directory)) process.kill(server, 'SIGTERM');
      await until('VirtualBox’s server has ended', () => serverProcesses(directory).length === 0, 60_000);
      rmSync(directory, { recursive: true, force: true });
      rmSync(join('/tmp', `.vbox-lab${process.pid}-ipc`), { recursive: true, force: true });
      rmSync(runtimeDirectory, { recursive: true, force: true });
    },
  };
}

/** What VBoxManage printed; nothing while it is busy with the machine. */
function tried(call: () => string): string {
  try {
    return call();
  } catch {
    return '';
  }
}

function processes(): { pid: number; args: string }[] {
  const text = execFileSync('ps', ['-ww', '-eo', 'pid=,args='], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+) (.*)$/.exec(line);
    return match === null ? [] : [{ pid: Number(match[1]), args: match[2] ?? '' }];
  });
}

function processOf(uuid: string): number {
  const found = processes().find(({ args }) => args.includes('VirtualBoxVM') && args.includes(`--startvm ${uuid}`));
  if (found === undefined) throw new Error(`no process of machine ${uuid}`);
  return found.pid;
}

/** VBoxSVC of this harness, told by the settings directory in its environment. */
function serverProcesses(directory: string): number[] {
  return processes()
    .filter(({ args }) => /VBoxSVC|VBoxXPCOMIPCD/.test(args))
    .map(({ pid }) => pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`VBOX_USER_HOME=${join(directory, 'home')}`);
      } catch {
        return false;
      }
    });
}

import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultLabConfig } from '../../src/engine/config/defaults.js';
import { createExec } from '../../src/engine/exec-process.js';
import type { MachineSpec } from '../../src/engine/providers/provider.js';
import { createVirtualBoxProvider } from '../../src/engine/providers/virtualbox/provider.js';
import { HOST } from '../../src/engine/providers/virtualbox/test-support.js';

/** The scripts of the contract tests. */
export const FILES = resolve('test/contract/virtualbox');

/** VirtualBox as the contract tests have it: without its driver, in a root file system of its own. Undefined where it cannot be installed. */
export function virtualBox(directory: string): NodeJS.ProcessEnv | undefined {
  const root = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'coreos-lab-tests', 'virtualbox');
  const { status: code } = spawnSync(join(FILES, 'install-root'), [root], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (code !== 0) return undefined;
  return { VBOX_TEST_ROOT: root, VBOX_USER_HOME: join(directory, 'home'), VBOX_IPC_SOCKETID: `bench${process.pid}` };
}

/** The machines of the default lab, made and not started; of all of them a blank disk is enough. */
export async function makeMachines(
  state: string,
  runtime: string,
): Promise<{ names: string[]; destroy(): Promise<void> }> {
  const provider = createVirtualBoxProvider({
    exec: createExec({ emit: () => {} }),
    labDirectory: join(state, 'coreos-lab', 'labs', 'default'),
    runtimeDirectory: runtime,
    switchScript: resolve('dist/switch.js'),
    host: HOST,
  });
  const { machines } = defaultLabConfig();
  for (const [index, { name, role, mac, serial }] of machines.entries()) {
    const uuid = `11111111-2222-4333-8444-00000000000${index}`;
    const blank: MachineSpec = {
      ...{ name, role, serial, uuid, privateNic: { mac } },
      ...{ memoryMiB: 64, cpus: 1, disk: { sizeGiB: 1 }, bootOrder: ['disk', 'net'] },
    };
    await provider.create(blank);
  }
  const names = machines.map(({ name }) => name);
  return {
    names,
    destroy: async () => {
      for (const name of names) await provider.destroy(name);
    },
  };
}

import { dirname, join, resolve } from 'node:path';
import { withAddedMachines } from '../engine/config/added.js';
import type { LabConfig } from '../engine/config/lab-config.js';
import { loadLabConfig } from '../engine/config/load.js';
import { withPinnedImage } from '../engine/config/pinned-image.js';
import { containerRecipes } from '../engine/containers/container-recipes.js';
import type { ContainerName, ContainerStores } from '../engine/containers/container-store.js';
import { createContainerStore } from '../engine/containers/create-container-store.js';
import type { Exec } from '../engine/exec.js';
import { createExec } from '../engine/exec-process.js';
import { createImageStore } from '../engine/images/create-image-store.js';
import type { ImageStore } from '../engine/images/image-store.js';
import { createLab } from '../engine/lab/create-lab.js';
import type { Lab } from '../engine/lab.js';
import { chooseProvider } from '../engine/providers/choose.js';
import type { Provider } from '../engine/providers/provider.js';
import { createQemuProvider } from '../engine/providers/qemu/provider.js';
import { createVirtualBoxProvider } from '../engine/providers/virtualbox/provider.js';
import { createSsh } from '../engine/ssh/create-ssh.js';
import { createEventBus, type JournaledEventBus } from '../engine/state/event-bus.js';
import { acquireLock, type Lock, lockHolder } from '../engine/state/lock.js';
import { makeLabDirectories } from '../engine/state/make-directories.js';
import { type LabPaths, labPaths } from '../engine/state/paths.js';
import { Timings } from '../engine/state/timings.js';
import { checkStateVersion } from '../engine/state/version.js';
import { packageRoot } from './package-root.js';

export interface ComposeOptions {
  /** lab.yaml; undefined = the one in the current directory, or the default lab. */
  labFile?: string | undefined;
  /** What --provider says. */
  provider?: LabConfig['provider'] | undefined;
  /** Takes the lab's lock under this name; undefined for commands that only look. */
  lock?: string | undefined;
}

/** Everything a command works with. `close` releases lock and connections. */
export interface Composed {
  config: LabConfig;
  paths: LabPaths;
  bus: JournaledEventBus;
  exec: Exec;
  images: ImageStore;
  containers: ContainerStores;
  provider: Provider;
  lab: Lab;
  timings: Timings;
  lessonsDirectory: string;
  close(): Promise<void>;
}

/** The composition root: the only place that knows which parts a lab is made of. */
export async function compose({ labFile, provider: asked, lock: command }: ComposeOptions): Promise<Composed> {
  const declared = await loadLabConfig(labFile);
  const paths = labPaths(declared.name, process.env);
  makeLabDirectories(paths);
  checkStateVersion(paths.labDirectory);
  const lock = command === undefined ? undefined : acquireLock(lockFile(paths), { command });
  const pinned = await withPinnedImage(declared, paths.labDirectory);
  const config = await withAddedMachines(pinned, paths.labDirectory);

  const root = packageRoot();
  const provisionDirectory = join(root, 'provision');
  const bus = createEventBus();
  const exec = createExec(bus);
  const { cacheDirectory, labDirectory, runtimeDirectory } = paths;
  const images = createImageStore({
    exec,
    events: bus,
    cacheDirectory,
    provisionDirectory,
    provider: () => provider.name,
  });
  const recipes = containerRecipes(provisionDirectory);
  const store = (name: ContainerName) =>
    createContainerStore({ exec, events: bus, cacheDirectory, recipe: recipes[name] });
  const containers: ContainerStores = { mayu: store('mayu'), 'update-server': store('update-server') };
  const common = { exec, labDirectory, runtimeDirectory, switchScript: join(root, 'dist', 'switch.js') };
  const { network } = config.virtualbox;
  const virtualbox = createVirtualBoxProvider({
    ...common,
    network: network === 'tunnel' ? { mode: network } : { mode: network, cidr: config.network.cidr },
  });
  const choice = await chooseProvider({
    declared: config.provider,
    asked,
    labDirectory,
    probe: () => virtualbox.probe(),
  });
  const provider =
    choice.name === 'virtualbox'
      ? virtualbox
      : createQemuProvider({
          ...common,
          cacheDirectory,
          events: bus,
          probeImage: () => images.find(config.image.name, config.image.version),
        });
  const ssh = createSsh({ exec, events: bus, directory: join(labDirectory, 'ssh') });
  const timings = await Timings.open(join(labDirectory, 'timings.json'));
  const lab = createLab({
    config,
    provider,
    choice,
    ssh,
    images,
    containers,
    exec,
    events: bus,
    paths,
    timings,
    provisionDirectory,
    baseDirectory: labFile === undefined ? process.cwd() : dirname(resolve(labFile)),
    network: {
      running: async () => (await provider.wire.statistics()) !== undefined,
      start: async () => void (await provider.wire.ensureRunning()),
    },
  });
  return {
    config,
    paths,
    bus,
    exec,
    images,
    containers,
    provider,
    lab,
    timings,
    lessonsDirectory: join(root, 'lessons'),
    close: () => closeAll(lab, lock),
  };
}

async function closeAll(lab: Lab, lock: Lock | undefined): Promise<void> {
  try {
    await lab.close();
  } finally {
    lock?.release();
  }
}

/** Is another program using the lab at this moment? */
export function isBusy(paths: LabPaths): boolean {
  return lockHolder(lockFile(paths)) !== undefined;
}

function lockFile(paths: LabPaths): string {
  return join(paths.labDirectory, 'lab.lock');
}

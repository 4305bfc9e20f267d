import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defaultLabConfig } from '../config/defaults.js';
import type { LabConfig } from '../config/lab-config.js';
import { containerRecipes } from '../containers/container-recipes.js';
import type { ContainerName } from '../containers/container-store.js';
import { createContainerStore } from '../containers/create-container-store.js';
import type { LabEventBody, PowerState } from '../events.js';
import { createExec } from '../exec-process.js';
import { createImageStore } from '../images/create-image-store.js';
import { writeImage } from '../images/test-support.js';
import type { ProviderName } from '../providers/choose.js';
import { createFakeProvider, type PlannedCall } from '../providers/fake.js';
import type { Ssh } from '../ssh/ssh.js';
import { Timings } from '../state/timings.js';
import type { LabParts } from './parts.js';

export interface TestLab extends LabParts {
  directory: string;
  provider: ReturnType<typeof createFakeProvider>;
  /** What `states` answers; the planned calls may change it. */
  power: Map<string, PowerState>;
  emitted: LabEventBody[];
  logFile(machine: string): string;
  /** `method machine` of the calls that change something, in order. */
  changes(): string[];
  of<T extends LabEventBody['type']>(type: T): Extract<LabEventBody, { type: T }>[];
  dispose(): Promise<void>;
}

export interface TestLabOptions {
  calls?: readonly PlannedCall[];
  anyOrder?: boolean;
  slowness?: number;
  usable?: boolean;
  ssh?: Partial<Ssh>;
  /** Without it, there is an image in the cache. */
  withoutImage?: boolean;
  config?: Partial<LabConfig>;
  /** Default: qemu. */
  name?: ProviderName;
  power?: Record<string, PowerState>;
}

const LOOKING = new Set(['probe', 'states', 'console']);

/**
 * For tests: a lab of the default topology in a temporary directory, with real files, keys and images, over a provider that knows
 * the planned calls only and may be asked for its states at any time. Machines are tiny, so that no host is too small.
 */
export async function makeTestLab(options: TestLabOptions = {}): Promise<TestLab> {
  const directory = await mkdtemp(join(tmpdir(), 'lab-'));
  const base = defaultLabConfig();
  const config: LabConfig = {
    ...base,
    image: { name: 'flatcar', version: '1.2.3' },
    machines: base.machines.map((machine) => ({ ...machine, memory: 1 })),
    ...options.config,
  };
  const paths = {
    stateDirectory: join(directory, 'state'),
    labDirectory: join(directory, 'state', 'labs', 'default'),
    cacheDirectory: join(directory, 'cache'),
    runtimeDirectory: join(directory, 'run'),
  };
  const logFile = (machine: string) => join(paths.labDirectory, 'machines', machine, 'console.log');
  await mkdir(paths.cacheDirectory, { recursive: true });
  for (const { name } of config.machines) await mkdir(dirname(logFile(name)), { recursive: true });
  if (!options.withoutImage)
    await writeImage(join(paths.cacheDirectory, 'images', 'flatcar', '1.2.3-abababababab'), {
      name: 'flatcar',
      version: '1.2.3',
    });
  const power = new Map(config.machines.map(({ name }) => [name, options.power?.[name] ?? 'not_created'] as const));
  const { usable = true, slowness = 1 } = options;
  const problems = usable ? [] : [{ code: 'QEMU_MISSING', message: 'No QEMU.', remedy: ['Install it.'] }];
  const provider = createFakeProvider({
    calls: [
      ...(options.calls ?? []),
      { method: 'probe', returns: { usable, slowness, problems, accelerator: 'kvm' }, always: true },
      {
        method: 'states',
        returns: (names: string[]) => new Map(names.map((name) => [name, power.get(name) ?? 'not_created'])),
        always: true,
      },
      { method: 'console', returns: (name: string) => ({ logFile: logFile(name) }), always: true },
    ],
    ...(options.anyOrder ? { anyOrder: true } : {}),
    ...(options.name === undefined ? {} : { name: options.name }),
  });
  const emitted: LabEventBody[] = [];
  const events = { emit: (body: LabEventBody) => void emitted.push(body) };
  const exec = createExec(events);
  const provisionDirectory = join(directory, 'provision');
  const { cacheDirectory } = paths;
  const store = (name: ContainerName) =>
    createContainerStore({ exec, events, cacheDirectory, recipe: containerRecipes(provisionDirectory)[name] });
  return {
    config,
    provider,
    choice: { name: provider.name, why: 'VirtualBox is not installed' },
    ssh: strictSsh(options.ssh ?? {}),
    images: createImageStore({ exec, events, cacheDirectory, provisionDirectory, provider: () => provider.name }),
    containers: { mayu: store('mayu'), 'update-server': store('update-server') },
    exec,
    events,
    paths,
    timings: await Timings.open(join(paths.labDirectory, 'timings.json')),
    provisionDirectory,
    baseDirectory: directory,
    directory,
    power,
    emitted,
    logFile,
    changes: () =>
      provider.calls.filter(({ method }) => !LOOKING.has(method)).map(({ method, args }) => line(method, args[0])),
    of: <T extends LabEventBody['type']>(type: T) =>
      emitted.filter((event): event is Extract<LabEventBody, { type: T }> => event.type === type),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}

function line(method: string, target: unknown): string {
  if (typeof target === 'object' && target !== null && 'name' in target) return `${method} ${target.name}`;
  return `${method} ${String(target)}`;
}

/** An ssh of which only the planned methods may be used. */
function strictSsh(planned: Partial<Ssh>): Ssh {
  return new Proxy(planned, {
    get(target, key) {
      if (key in target) return target[key as keyof Ssh];
      return () => {
        throw new Error(`unplanned use of ssh.${String(key)}`);
      };
    },
  }) as Ssh;
}

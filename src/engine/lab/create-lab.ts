import { join } from 'node:path';
import { ensureLabKeys } from '../keys/keys.js';
import type { Lab, MachineStatus } from '../lab.js';
import { requireUsable } from '../providers/require-usable.js';
import { Access } from './access.js';
import { Boots } from './boots.js';
import { ConsoleWatch } from './console-watch.js';
import { examine } from './doctor.js';
import { syncFolders } from './files.js';
import { refuseIfOff, tellIfOff } from './machine-off.js';
import { machineNamed, provisionerOf, selectMachines } from './machines.js';
import { fetchMayu } from './mayu-container.js';
import { writeMayuHosts } from './mayu-hosts.js';
import { NetworkGuard, type PrivateNetwork } from './network-guard.js';
import { fetchImages, obtainImage } from './obtain-image.js';
import type { LabParts } from './parts.js';
import { Power, type PowerParts } from './power.js';
import { Reach } from './reach.js';
import { Roster } from './roster.js';
import { Savepoints } from './savepoints.js';
import { sendImage } from './send-image.js';
import { sendUpdates } from './send-updates.js';
import { ignitionFile, machineSpec } from './specs.js';
import { SshPorts } from './ssh-port.js';
import { upMachines } from './up.js';
import { fetchUpdateServer } from './update-server.js';
import { lookAtLab } from './updates.js';
import { lessonVariables } from './variables.js';
import { watchMachines } from './watch.js';
import { WireWatch } from './wire-watch.js';

export interface LabOptions extends LabParts {
  network?: PrivateNetwork;
}

/** Puts a lab together. Nothing is touched before its first method is called. */
export function createLab(options: LabOptions): Lab {
  const { config, provider, ssh, paths, images, events } = options;
  const boots = new Boots(paths.labDirectory);
  const consoles = new ConsoleWatch(options, boots);
  const wire = new WireWatch(options, consoles);
  const ports = new SshPorts(paths.labDirectory, events);
  const access = new Access(options, ports);
  const parts: PowerParts = { ...options, boots, consoles, ports, access, usableProvider };
  const power = new Power(parts);
  const reach = new Reach(parts);
  const roster = new Roster(parts, power);
  const savepoints = new Savepoints(parts, power);
  const machine = (name: string) => machineNamed(config, name);
  const provisioner = provisionerOf(config);
  const guard = options.network && new NetworkGuard({ network: options.network, events, machinesRun });

  async function usableProvider(signal?: AbortSignal) {
    return requireUsable(await provider.probe({ ...(signal && { signal }) }));
  }

  const lab: Lab = {
    config,
    provider,
    choice: options.choice,
    directory: paths.labDirectory,
    wire,
    probe: () => provider.probe(),
    ensureImage: (operation) => obtainImage(parts, operation),
    fetchImages: (fetching) => fetchImages(parts, fetching),

    async status() {
      const states = await power.states(config.machines);
      return Promise.all(
        config.machines.map(async (each): Promise<MachineStatus> => {
          const { name, role } = each;
          const ip = await access.addresses.known(each);
          const state = states.get(name) ?? 'not_created';
          const boot = state === 'running' ? await boots.last(name) : undefined;
          const stage = consoles.stage(name);
          return {
            name,
            role,
            state,
            ...(ip === undefined ? {} : { ip }),
            ...(boot === undefined ? {} : { uptime: Date.now() - boot.time }),
            ...(stage === undefined ? {} : { stage }),
            ...(each.added ? { added: each.added } : {}),
          };
        }),
      );
    },

    start: (names, operation) => power.start(names, operation),
    async up(names, operation) {
      const end = attend();
      try {
        await upMachines(parts, power, reach, names, operation);
      } finally {
        await end();
      }
    },
    halt: (names, operation) => power.halt(names, operation),
    async reload(names, operation) {
      await power.halt(names, operation);
      await lab.up(names, operation);
    },
    reset: (names) => power.reset(names),
    destroy: (names) => power.destroy(names),
    async wait(names, condition, operation) {
      const machines = selectMachines(config, names);
      const end = attend();
      try {
        await reach.wait(machines, condition, operation);
      } finally {
        await end();
      }
    },
    add: (name) => roster.add(name),
    remove: (name, operation) => roster.remove(name, operation),

    async sync(names, operation = {}) {
      const wanted = names.length === 0 ? [provisionerOf(config)] : selectMachines(config, names);
      for (const each of wanted) {
        const sync = () => access.reached(each, (target) => syncFolders(parts, target, operation), operation.signal);
        await tellIfOff(provider, each.name, sync);
      }
    },
    exec: async (name, script, run) =>
      tellIfOff(provider, machine(name).name, () => access.exec(machine(name), script, run)),
    async shell(name) {
      const command = await access.shell(machine(name));
      await refuseIfOff(provider, name);
      return command;
    },
    fetchMayu: (operation) =>
      tellIfOff(provider, provisioner.name, () => fetchMayu(parts, () => access.target(provisioner), operation)),
    fetchUpdateServer: (operation) =>
      tellIfOff(provider, provisioner.name, () =>
        fetchUpdateServer(parts, () => access.target(provisioner, operation?.signal), operation),
      ),
    sendUpdates: (operation) =>
      tellIfOff(provider, provisioner.name, () =>
        sendUpdates(parts, () => access.target(provisioner, operation?.signal), operation),
      ),
    async sendImage(operation) {
      const image = await lab.ensureImage(operation);
      const send = async () => sendImage(parts, await access.target(provisioner, operation?.signal), image, operation);
      return tellIfOff(provider, provisioner.name, send);
    },
    async writeMayuHosts(operation) {
      const names = config.machines.map(({ name }) => name);
      const keys = await ensureLabKeys(join(paths.labDirectory, 'keys'), names);
      const nodes = config.machines.filter(({ role }) => role === 'node');
      const write = async () =>
        writeMayuHosts(parts, await access.target(provisioner, operation?.signal), nodes, keys, operation);
      return tellIfOff(provider, provisioner.name, write);
    },
    async sshConfig() {
      const targets = await access.targets();
      return ssh.config(targets);
    },
    mayuHosts: (operation) => access.hosts(operation),
    cluster: async (operation) => (await access.cluster(operation)).state,
    async updates(operation) {
      const states = await power.states(config.machines);
      const unknown = await Promise.all(
        config.machines.map(async (each) => states.get(each.name) === 'running' && !(await access.knownTarget(each))),
      );
      // Where nobody has asked for addresses yet.
      if (unknown.includes(true)) await access.hosts({ timeout: 6000, ...operation }).catch(() => undefined);
      return lookAtLab(parts, { signal: operation?.signal });
    },

    console: (name) => provider.console(machine(name).name),
    link: (name, up) => provider.link(machine(name).name, up),
    save: (name, operation) => savepoints.save(name, operation),
    async restore(name, operation) {
      await savepoints.restore(name, operation);
      // The machines do not know the connections of now.
      await ssh.drop();
      await settle();
    },
    discard: (name) => savepoints.discard(name),
    savepoints: () => savepoints.list(),
    screenshot: (name, file) => provider.screenshot(machine(name).name, file),

    variables: async () => lessonVariables(config, provider.name),
    async native(verb, name) {
      const image = await images.find(config.image.name, config.image.version);
      const spec = machineSpec(parts, machine(name), {
        sshPort: await ports.current(machine(name)),
        ignitionFile: ignitionFile(parts, name),
        ...(image === undefined ? {} : { image: image.disk }),
      });
      const verbs = (
        {
          up: ['create', 'start'],
          halt: ['shutdown'],
          reload: ['shutdown', 'start'],
          reset: ['reset'],
          destroy: ['destroy'],
        } as const
      )[verb];
      return verbs.flatMap((each) => provider.native(each, spec));
    },
    doctor: () =>
      examine(parts, {
        image: async () => void (await lab.ensureImage()),
        networkIsDown: async () => {
          return (await machinesRun()) && options.network !== undefined && !(await options.network.running());
        },
        network: async () => {
          await options.network?.start();
          const states = await power.states(config.machines);
          const running = [...states].filter(([, state]) => state === 'running').map(([name]) => name);
          if (running.length > 0) await power.start(running);
        },
      }),
    watch() {
      const sshAnswers = (name: string, signal: AbortSignal) => reach.sshAnswers(machine(name), signal);
      const ends = [attend(), watchMachines(parts, consoles, sshAnswers)];
      return async () => {
        await Promise.all(ends.map((end) => end()));
      };
    },
    async close() {
      await Promise.all([wire.close(), ssh.close()]);
    },
  };

  async function machinesRun(): Promise<boolean> {
    return [...(await power.states(config.machines)).values()].includes('running');
  }

  /** Follows the private network, and keeps it up, until the returned function is called. */
  function attend(): () => Promise<void> {
    const endWire = wire.follow();
    const release = guard?.hold();
    return async () => {
      release?.();
      await endWire();
    };
  }

  /** After a restore the guest's clock stands where it was saved; certificates and logs need the present. */
  async function settle(): Promise<void> {
    const { name } = provisionerOf(config);
    const state = (await provider.states([name])).get(name);
    if (state !== 'running') return;
    const seconds = Math.floor(Date.now() / 1000);
    await ssh
      .script(await access.target(machine(name)), `sudo date -s @${seconds} > /dev/null`, {
        quiet: true,
        timeout: 20_000,
      })
      .catch(() => undefined);
  }

  return lab;
}

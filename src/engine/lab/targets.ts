import { join } from 'node:path';
import type { MachineConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import { ensureLabKeys } from '../keys/keys.js';
import type { SshTarget } from '../ssh/ssh.js';
import { provisionerOf } from './machines.js';
import type { LabParts } from './parts.js';
import type { SshPorts } from './ssh-port.js';

/** Where a machine's ssh is: the provisioner behind its forwarded port, nodes (with their address as `ip`) behind the provisioner. */
export async function sshTarget(parts: LabParts, ports: SshPorts, machine: MachineConfig): Promise<SshTarget> {
  const { config, paths } = parts;
  const keys = await ensureLabKeys(
    join(paths.labDirectory, 'keys'),
    config.machines.map(({ name }) => name),
  );
  const common = {
    machine: machine.name,
    user: 'core',
    privateKeyFile: keys.user.privateFile,
    hostKey: keys.host(machine.name).publicKey,
  };
  if (machine.role === 'provisioner') {
    const port = await ports.current(machine);
    if (port === 0) throw notReachable(machine.name, 'it was never started', `coreos-lab up ${machine.name}`);
    return { ...common, host: '127.0.0.1', port };
  }
  if (machine.ip === undefined) throw noAddress(machine.name);
  return { ...common, host: machine.ip, port: 22, via: await sshTarget(parts, ports, provisionerOf(config)) };
}

/** A node that nobody gave an address; `mayu` is why Mayu could not be asked for it. */
export function noAddress(machine: string, mayu?: LabError): LabError {
  const why = 'it has no address yet: its disk is blank until lesson 2 installs it';
  if (mayu === undefined) return notReachable(machine, why, 'coreos-lab run bootstrap');
  return notReachable(machine, why, 'coreos-lab run bootstrap', {
    why: `Mayu, which gives addresses, could not be asked: ${mayu.message}`,
    remedy: mayu.remedy,
  });
}

function notReachable(
  machine: string,
  why: string,
  remedy: string,
  more: { why?: string; remedy?: string[] } = {},
): LabError {
  return new LabError({
    code: 'SSH_NO_ADDRESS',
    message: `${machine} cannot be reached by ssh: ${why}.`,
    ...(more.why === undefined ? {} : { why: more.why }),
    remedy: [...new Set([...(more.remedy ?? []), `Run: ${remedy}`])],
    machine,
    exitCode: 2,
  });
}

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MachineConfig } from '../config/lab-config.js';
import { ensureLabKeys } from '../keys/keys.js';
import { machineNamed, selectMachines } from './machines.js';
import { SshPorts } from './ssh-port.js';
import { sshTarget } from './targets.js';
import { makeTestLab, type TestLab } from './test-support.js';

let lab: TestLab;
let ports: SshPorts;
beforeEach(async () => {
  lab = await makeTestLab();
  ports = new SshPorts(lab.paths.labDirectory, lab.events);
});
afterEach(() => lab.dispose());

describe('the names of machines', () => {
  test.each([
    ['core-1', 'Did you mean core-01?'],
    ['core-0l', 'Did you mean core-01?'],
    ['CORE-02', 'Did you mean core-02?'],
    ['provisioner', 'Its machines are core-provisioner, core-01, core-02, core-03.'],
    ['core-provisoner', 'Did you mean core-provisioner?'],
    ['', 'Its machines are core-provisioner, core-01, core-02, core-03.'],
  ])('%j is none: %s', (name, remedy) => {
    const fault = expect.objectContaining({
      code: 'UNKNOWN_MACHINE',
      message: `There is no machine ${name} in the lab default.`,
      remedy: [remedy],
      exitCode: 2,
    });
    expect(() => machineNamed(lab.config, name)).toThrow(fault);
    expect(() => selectMachines(lab.config, ['core-01', name])).toThrow(fault);
  });

  test('are taken in the order of the lab, each once, all for none', () => {
    const names = (wanted: string[]) => selectMachines(lab.config, wanted).map(({ name }) => name);
    expect(names(['core-02', 'core-provisioner', 'core-02'])).toEqual(['core-provisioner', 'core-02']);
    expect(names([])).toEqual(['core-provisioner', 'core-01', 'core-02', 'core-03']);
  });
});

describe('ssh reaches', () => {
  test('the provisioner through its forwarded port, with the lab’s own keys', async () => {
    const port = await ports.choose(machineNamed(lab.config, 'core-provisioner'));
    const target = await sshTarget(lab, ports, machineNamed(lab.config, 'core-provisioner'));
    const keys = await ensureLabKeys(`${lab.paths.labDirectory}/keys`, ['core-provisioner']);
    expect(target).toEqual({
      machine: 'core-provisioner',
      user: 'core',
      host: '127.0.0.1',
      port,
      privateKeyFile: keys.user.privateFile,
      hostKey: keys.host('core-provisioner').publicKey,
    });
  });

  test('a node with an address behind the provisioner', async () => {
    await ports.choose(machineNamed(lab.config, 'core-provisioner'));
    const node: MachineConfig = { ...machineNamed(lab.config, 'core-01'), ip: '192.168.2.21' };
    const target = await sshTarget(lab, ports, node);
    expect(target).toMatchObject({ machine: 'core-01', host: '192.168.2.21', port: 22 });
    expect(target.via).toMatchObject({ machine: 'core-provisioner', host: '127.0.0.1' });
    expect(target.hostKey).not.toBe(target.via?.hostKey);
  });

  test('no machine that was never started, nor a blank one; both say what to run', async () => {
    await expect(sshTarget(lab, ports, machineNamed(lab.config, 'core-provisioner'))).rejects.toMatchObject({
      code: 'SSH_NO_ADDRESS',
      exitCode: 2,
      machine: 'core-provisioner',
      remedy: ['Run: coreos-lab up core-provisioner'],
    });
    await expect(sshTarget(lab, ports, machineNamed(lab.config, 'core-02'))).rejects.toMatchObject({
      code: 'SSH_NO_ADDRESS',
      machine: 'core-02',
      message: expect.stringContaining('its disk is blank until lesson 2'),
      remedy: ['Run: coreos-lab run bootstrap'],
    });
  });
});

import { describe, expect, it } from 'vitest';
import { callFailed } from './errors.js';
import { allRecordings, recordedExec, recording } from './test-support.js';
import { createVBoxManage } from './vboxmanage.js';

const failure = (name: string) => {
  const { stdout, stderr, command } = recording(name);
  return callFailed(command.split(' ')[1] ?? '', `${stdout}\n${stderr}`, {
    machine: 'core-01',
    action: 'be started',
    directory: '/lab',
  });
};

describe('what VBoxManage says', () => {
  it.each([
    ['live-start-engine-default', 'VIRTUALBOX_DRIVER'],
    ['live-start-nic-intnet', 'VIRTUALBOX_DRIVER'],
    ['live-start-engine-native-api', 'VIRTUALBOX_HYPERV'],
    ['vboxheadless-nodriver', 'VIRTUALBOX_DRIVER'],
    ['hostonlyif-create', 'HOSTONLY_DRIVER'],
    ['live-start-nic-hostonly-missing', 'HOSTONLY_MISSING'],
    ['modifyvm-nic1-hostonly-old', 'HOSTONLY_MISSING'],
    ['live-start-missing-disk', 'DISK_MISSING'],
    ['storageattach-missing', 'DISK_MISSING'],
    ['live-start-uart-file-baddir', 'CONSOLE_UNAVAILABLE'],
    ['live-start-uart-client-nobody', 'CONSOLE_UNAVAILABLE'],
    ['live-start-again', 'VIRTUALBOX_LOCKED'],
    ['live-modifyvm-while-running', 'VIRTUALBOX_LOCKED'],
    ['live-unregister-while-running', 'VIRTUALBOX_LOCKED'],
    ['controlvm-notrunning-acpi', 'MACHINE_NOT_RUNNING'],
    ['controlvm-missing', 'VIRTUALBOX_MACHINE_GONE'],
    ['unregistervm-missing', 'VIRTUALBOX_MACHINE_GONE'],
    ['live-start-dmi-numeric', 'VIRTUALBOX_FAILED'],
    ['nosuchoption', 'VIRTUALBOX_FAILED'],
    ['modifyvm-bad-option', 'VIRTUALBOX_FAILED'],
  ])('%s is %s', (name, code) => {
    const error = failure(name);
    expect(error.code).toBe(code);
    expect(error.machine).toBe('core-01');
    expect(error.remedy.length).toBeGreaterThan(0);
    expect(error.message).toContain('core-01');
    expect(error.message).not.toMatch(/Context:|Details:/);
    expect(`${error.message}${error.remedy.join()}`).not.toContain('MACHINE');
  });

  it.each([
    ['VT-x is disabled in the BIOS for all CPU modes (VERR_VMX_MSR_ALL_VMX_DISABLED)', 'VIRTUALIZATION_OFF'],
    ['AMD-V is disabled in the BIOS (or by the host OS) (VERR_SVM_DISABLED)', 'VIRTUALIZATION_OFF'],
    ["VirtualBox can't operate in VMX root mode. (VERR_VMX_IN_VMX_ROOT_MODE)", 'VIRTUALIZATION_IN_USE'],
    ['WHvCapabilityCodeHypervisorPresent is FALSE! (VERR_NEM_NOT_AVAILABLE)', 'VIRTUALBOX_HYPERV'],
    ['Cannot run an x86 machine (VBOX_E_PLATFORM_ARCH_NOT_SUPPORTED)', 'VIRTUALBOX_APPLE_SILICON'],
    [
      'IP address configured for the host-only interface is not within the allowed ranges. Details: code E_ACCESSDENIED',
      'HOSTONLY_RANGE',
    ],
    ['Out of memory (VERR_NO_MEMORY)', 'NOT_ENOUGH_MEMORY'],
    ['write failed: No space left on device (VERR_DISK_FULL)', 'DISK_FULL'],
  ])('%s is %s', (words, code) => {
    const error = callFailed('startvm', `VBoxManage: error: ${words}`, { machine: 'core-01', directory: '/lab' });
    expect(error.code).toBe(code);
  });

  it('gives every failed recording a sentence with VBoxManage’s own words', () => {
    for (const { name, stdout, stderr, exitCode } of allRecordings()) {
      if (exitCode === 0) continue;
      const { message } = callFailed('verb', `${stdout}\n${stderr}`, {});
      expect(message, name).not.toMatch(/printed nothing|Usage|undefined/);
      expect(message.length, name).toBeLessThan(400);
    }
  });
});

describe('the call layer', () => {
  const layer = (answer: string) => {
    const exec = recordedExec([{ args: /^/, answer }]);
    return createVBoxManage({ exec, labDirectory: '/lab' });
  };

  it('rejects on an error with an exit code of 0', async () => {
    await expect(layer('modifyvm-nic9').call(['modifyvm', 'x', '--nic9', 'nat'])).rejects.toMatchObject({
      code: 'VIRTUALBOX_FAILED',
      message: expect.stringContaining('Invalid NIC number 9'),
    });
    await expect(layer('discardstate').call(['discardstate', 'x'])).rejects.toMatchObject({
      code: 'VIRTUALBOX_FAILED',
    });
  });

  it('takes progress and mere warnings on stderr for no error', async () => {
    expect(await layer('snapshot-take').call(['snapshot', 'x', 'take', 's1'])).toContain('Snapshot taken');
    expect(await layer('modifyvm-audio-none').call(['modifyvm', 'x', '--audio', 'none'])).toBe('');
  });

  it('says how to get VirtualBox where it is missing', async () => {
    const exec = { ...recordedExec([]), which: async () => undefined };
    await expect(createVBoxManage({ exec, labDirectory: '/lab' }).program()).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
    });
  });
});

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabConfig } from '../config/lab-config.js';
import { LabError } from '../errors.js';
import { exists } from './common/exists.js';
import type { Provider, ProviderReport } from './provider.js';

export type ProviderName = Provider['name'];

/** Which hypervisor a lab uses. */
export interface ProviderChoice {
  name: ProviderName;
  /** What comes after "since": `lab.yaml says so`. */
  why: string;
  /** What keeps VirtualBox, which would have been preferred, from being used; undefined where it is not installed. */
  rejected?: ProviderReport['problems'][number];
}

export interface ChooseOptions {
  /** What lab.yaml says. */
  declared: LabConfig['provider'];
  /** What --provider says. */
  asked: LabConfig['provider'] | undefined;
  labDirectory: string;
  /** Is VirtualBox there, and can it run machines? Only asked where that decides. */
  probe(): Promise<ProviderReport>;
}

/**
 * The provider of a lab: that of its machines while it has any, then --provider, then lab.yaml, then VirtualBox if it can run
 * machines, then QEMU.
 */
export async function chooseProvider({ declared, asked, labDirectory, probe }: ChooseOptions): Promise<ProviderChoice> {
  const wanted = wish(declared, asked);
  const kept = await providerOfMachines(labDirectory);
  if (kept !== undefined) {
    if (wanted !== undefined && wanted.name !== kept) throw providerKept(kept, wanted);
    return { name: kept, why: "the lab's machines were made with it" };
  }
  if (wanted !== undefined) return wanted;
  const { usable, problems } = await probe();
  if (usable) return { name: 'virtualbox', why: 'it is here and can run machines' };
  const [problem] = problems;
  if (problem === undefined || problem.code === 'VIRTUALBOX_MISSING') {
    return { name: 'qemu', why: 'VirtualBox is not installed' };
  }
  return { name: 'qemu', why: 'VirtualBox cannot run machines here', rejected: problem };
}

function wish(declared: LabConfig['provider'], asked: ChooseOptions['asked']): ProviderChoice | undefined {
  if (asked !== undefined && asked !== 'auto') return { name: asked, why: '--provider says so' };
  if (asked === undefined && declared !== 'auto') return { name: declared, why: 'lab.yaml says so' };
  return undefined;
}

/** A machine of VirtualBox has a file with its identity; any other was made with QEMU. */
async function providerOfMachines(labDirectory: string): Promise<ProviderName | undefined> {
  const machines = join(labDirectory, 'machines');
  const names = await readdir(machines).catch(() => []);
  let found: ProviderName | undefined;
  for (const name of names) {
    if (await exists(join(machines, name, 'virtualbox.json'))) return 'virtualbox';
    if (await exists(join(machines, name, 'spec.json'))) found = 'qemu';
  }
  return found;
}

function providerKept(kept: ProviderName, wanted: ProviderChoice): LabError {
  return new LabError({
    code: 'PROVIDER_KEPT',
    message: `The lab's machines were made with ${TITLES[kept]}, and ${wanted.why.replace(' says so', '')} asks for ${TITLES[wanted.name]}.`,
    remedy: [
      `Go on with ${TITLES[kept]}: take the ${wanted.why.startsWith('--') ? 'option' : 'line'} away.`,
      'Or make the machines anew: coreos-lab destroy, then run the command again.',
    ],
    exitCode: 2,
  });
}

export const TITLES: Record<ProviderName, string> = { qemu: 'QEMU', virtualbox: 'VirtualBox' };

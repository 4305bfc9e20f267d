import type { ImageDefinition } from '../image-definition.js';

/** The stand-in, built on this computer; it keeps Flatcar's names. */
export const labos: ImageDefinition = {
  name: 'labos',
  title: 'the Lab OS',
  defaultVersion: '1.0.0',
  updates: updatesOf,
  // Debian's Ignition 2.14.
  ignition: '3.3.0',
  machines: { provisioner: { memory: 1024, cpus: 1, disk: 8 }, node: { memory: 1024, cpus: 1, disk: 8 } },
  artefacts: {
    kernel: { file: 'flatcar_production_pxe.vmlinuz' },
    initrd: { file: 'flatcar_production_pxe_image.cpio.gz' },
    qemu: { file: 'flatcar_production_qemu_image.img' },
  },
  configDrive: 'ignition',
  // One disk for both: a provider that cannot read QCOW2 makes its own of it.
  disk: { qemu: 'qemu', virtualbox: 'qemu' },
  remedy: [
    'Build it: coreos-lab image build (two minutes), or set up everything: coreos-lab setup',
    'Or take one that was built elsewhere: coreos-lab image fetch URL-OR-FILE --sha256 CHECKSUM',
  ],
  question: 'Build the operating system now? It takes about two minutes and 1 GB of disk.',
  command: 'coreos-lab image build',
  absent: 'not built yet',
};

/** Machines are only ever updated to what is newer: the updates count on from the version that they are made with. */
export function updatesOf(version: string): { next: string; broken: string } {
  const [major = '1', minor = '0'] = version.split('.');
  const later = (by: number) => `${major}.${Number(minor) + by}.0`;
  return { next: later(1), broken: later(2) };
}

import type { ImageDefinition } from '../image-definition.js';

/** The first version whose image for VirtualBox has the module that Ignition reads its configuration by. */
const VIRTUALBOX_SINCE = 4757;

/** Flatcar Container Linux, as its project publishes it. */
export const flatcar: ImageDefinition = {
  name: 'flatcar',
  title: 'Flatcar Container Linux',
  defaultVersion: 'stable',
  // Flatcar 4593 has Ignition 2.24, which knows up to 3.5; 3.4 is what its own tools write.
  ignition: '3.4.0',
  // Booted from the network it lies in memory as a whole, for which its documentation asks for 3 GB; its installer wants a disk of 10.
  machines: { provisioner: { memory: 2048, cpus: 1, disk: 12 }, node: { memory: 3072, cpus: 1, disk: 12 } },
  artefacts: {
    kernel: { file: 'flatcar_production_pxe.vmlinuz', proof: 'digests' },
    initrd: { file: 'flatcar_production_pxe_image.cpio.gz', proof: 'digests' },
    qemu: { file: 'flatcar_production_qemu_image.img', proof: 'digests' },
    virtualbox: { file: 'flatcar_production_virtualbox_image.vmdk', packed: '.bz2', proof: 'digests' },
    // Kept packed: flatcar-install unpacks it as it writes.
    install: { file: 'flatcar_production_image.bin.bz2', proof: 'digests' },
    // On a server of its own, without a list of digests: the signature is within the file, for update-engine.
    update: { file: 'flatcar_production_update.gz', shelf: 'update', proof: 'payload' },
  },
  // Its Ignition looks elsewhere; coreos-cloudinit does look there, in a virtual machine that Ignition was told nothing.
  configDrive: 'cloud-config',
  disk: { qemu: 'qemu', virtualbox: 'virtualbox' },
  release: {
    channels: ['alpha', 'beta', 'stable', 'lts'],
    shelf: (name) => `https://${name}.release.flatcar-linux.net`,
    folder: (version) => `amd64-usr/${version}`,
    newest: 'current',
    versionFile: { file: 'version.txt', key: 'FLATCAR_VERSION' },
    imageKey: {
      file: 'Flatcar_Image_Signing_Key.asc',
      url: 'https://www.flatcar.org/security/image-signing-key/Flatcar_Image_Signing_Key.asc',
      fingerprint: 'f88cfedeff29a5b4d9523864e25d9aed0593b34a',
    },
    updateKey: {
      file: 'official-v2.pub.pem',
      url: 'https://raw.githubusercontent.com/flatcar/coreos-overlay/flatcar-master/coreos-base/coreos-au-key/files/official-v2.pub.pem',
      sha256: 'a5880fbca6a5c51c60c92c53cc9766e8f484cd12f6dc3609e2f333209440d330',
    },
  },
  remedy: [
    'Fetch it: coreos-lab image fetch (about 1.5 GB), or set up everything: coreos-lab setup',
    'From a copy, without the internet: coreos-lab image fetch --mirror URL-OR-DIRECTORY',
  ],
  question: 'Fetch Flatcar Container Linux now? It is about 1.5 GB.',
  command: 'coreos-lab image fetch',
  absent: 'not fetched yet',
  unsuitable(version, provider) {
    if (provider !== 'virtualbox' || Number.parseInt(version, 10) >= VIRTUALBOX_SINCE) return undefined;
    return `The image of Flatcar ${version} for VirtualBox does not boot: its kernel lacks a module. Those from ${VIRTUALBOX_SINCE} on have it`;
  },
};

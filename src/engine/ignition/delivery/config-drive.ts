import { isoImage } from './iso9660.js';

/** By this label a machine finds the drive among its disks. */
const LABEL = 'config-2';

/** A CD image with a configuration for coreos-cloudinit, as large as it has to be: no module of the hypervisor is needed to read it. */
export function configDrive(userData: string): Buffer {
  return isoImage(LABEL, { openstack: { latest: { user_data: Buffer.from(userData) } } });
}

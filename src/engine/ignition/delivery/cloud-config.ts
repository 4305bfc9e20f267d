import { contentsOf, type IgnitionConfig } from '../ignition.js';

/**
 * The same configuration for coreos-cloudinit, which reads config drives, for images on a hypervisor that cannot hand over Ignition's. It runs at
 * every boot, after the network has come up, and so restarts that. The lab's user is `core`, whom the image has.
 */
export function cloudConfig({ passwd, storage, systemd }: IgnitionConfig): string {
  if (storage?.links !== undefined) throw new Error('cloud-config has no links');
  const files = storage?.files ?? [];
  const hostname = files.find(({ path }) => path === '/etc/hostname');
  const network = files.some(({ path }) => path.startsWith('/etc/systemd/network/'));
  const units = (systemd?.units ?? []).map(({ name, enabled, mask, contents }) => ({
    name,
    ...(mask === undefined ? {} : { mask }),
    ...(enabled === undefined ? {} : { enable: enabled, ...(enabled ? { command: 'start' } : {}) }),
    ...(contents === undefined ? {} : { content: contents }),
  }));
  const config = {
    ...(hostname === undefined ? {} : { hostname: contentsOf(hostname).toString().trim() }),
    ssh_authorized_keys: (passwd?.users ?? []).flatMap(({ name, sshAuthorizedKeys = [] }) => {
      if (name !== 'core') throw new Error(`${name} is not the user core`);
      return sshAuthorizedKeys;
    }),
    write_files: files.map((file) => ({
      path: file.path,
      permissions: file.mode.toString(8).padStart(4, '0'),
      owner: 'root:root',
      encoding: 'base64',
      content: contentsOf(file).toString('base64'),
    })),
    coreos: { units: network ? [{ name: 'systemd-networkd.service', command: 'restart' }, ...units] : units },
  };
  // JSON is YAML too, and nothing in it needs an eye on quotes or indentation.
  return `#cloud-config\n${JSON.stringify(config, null, 1)}\n`;
}

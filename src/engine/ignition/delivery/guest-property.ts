import { createHash } from 'node:crypto';
import { LabError } from '../../errors.js';
import type { IgnitionConfig, IgnitionVersion } from '../ignition.js';

/** Where Ignition looks on VirtualBox: `VBoxManage guestproperty set MACHINE /Ignition/Config VALUE`. */
export const IGNITION_PROPERTY = '/Ignition/Config';

/** VirtualBox keeps values of up to 1024 bytes, the end mark among them. */
const LARGEST = 1023;

export function fitsGuestProperty(config: string): boolean {
  return Buffer.byteLength(config) <= LARGEST;
}

/**
 * A small configuration in the place of a large one: Ignition fetches that from `url`, and takes it only if it is the same to the last byte. So
 * it may come by plain HTTP. Throws LabError IGNITION_TOO_LONG.
 */
export function pointerConfig(version: IgnitionVersion, url: string, config: string): string {
  const hash = `sha512-${createHash('sha512').update(config).digest('hex')}`;
  const pointer: IgnitionConfig = {
    ignition: { version, config: { replace: { source: url, verification: { hash } } } },
  };
  const text = JSON.stringify(pointer);
  if (fitsGuestProperty(text)) return text;
  throw new LabError({
    code: 'IGNITION_TOO_LONG',
    message: `The address of an Ignition configuration is too long for VirtualBox, which takes ${LARGEST} bytes: ${url.slice(0, 80)}…`,
    remedy: ['This is a fault of coreos-lab: report it.'],
  });
}

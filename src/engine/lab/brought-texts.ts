import type { BroughtContainer } from './bring-container.js';
import { type GivenHosts, MAYU_FILES } from './mayu-hosts.js';
import type { SentImage } from './send-image.js';
import { PAYLOADS, type SentUpdates } from './send-updates.js';

/** What came of `mayu fetch` and `updates fetch`, in a sentence. */
export function fetchedText({ image, from, registry }: BroughtContainer): string {
  if (from === 'present') return `${image} is on the provisioner already.`;
  return `${image} is on the provisioner${registry === undefined ? '' : `, which pulled it from ${registry}`}.`;
}

/** What came of `image send`, in a sentence. */
export function sentText({ version, folder, sent, bytes }: SentImage): string {
  const how = sent === 0 ? 'were there already' : 'arrived whole';
  return `The files of ${version} for network boot (${Math.round(bytes / 1e6)} MB) ${how}: ${folder} on the provisioner.`;
}

/** What came of `updates send`, in a sentence. */
export function sentUpdatesText({ versions, sent, bytes }: SentUpdates): string {
  const how = sent === 0 ? 'were there already' : 'arrived whole';
  return `The updates to ${versions.join(' and ')} (${Math.round(bytes / 1e6)} MB) ${how}: ${PAYLOADS} on the provisioner.`;
}

/** What came of `mayu hosts`, in a line or two. */
export function hostsText({ written, removed }: GivenHosts): string {
  const lines = [
    written.length === 0
      ? `Host names and host keys in ${MAYU_FILES} are as they should be.`
      : `Host names and host keys are in ${MAYU_FILES}: ${written.join(', ')}`,
    ...(removed.length === 0 ? [] : [`Removed, since no machine has these serials any more: ${removed.join(', ')}`]),
  ];
  return lines.join('\n');
}

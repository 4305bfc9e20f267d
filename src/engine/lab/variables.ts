import type { LabConfig } from '../config/lab-config.js';
import { labVariables } from '../ignition/machine-files.js';
import { updateVersions } from '../images/updates.js';

/** Environment variables of lesson scripts: those that the machines find in /etc/coreos-lab/lab.env, and the image. */
export function lessonVariables(config: LabConfig, provider: string): Record<string, string> {
  const updates = updateVersions(config.image);
  return {
    ...labVariables(config),
    LAB_IMAGE: config.image.name,
    LAB_IMAGE_VERSION: config.image.version,
    LAB_PROVIDER: provider,
    UPDATE_VERSION: updates.next ?? '',
    BROKEN_VERSION: updates.broken ?? '',
  };
}

import type { LabConfig } from '../config/lab-config.js';
import { labVariables } from '../ignition/machine-files.js';

/** Environment variables of lesson scripts: those that the machines find in /etc/coreos-lab/lab.env, and the image. */
export function lessonVariables(config: LabConfig, provider: string): Record<string, string> {
  return {
    ...labVariables(config),
    LAB_IMAGE: config.image.name,
    LAB_IMAGE_VERSION: config.image.version,
    LAB_PROVIDER: provider,
  };
}

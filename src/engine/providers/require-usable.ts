import { LabError } from '../errors.js';
import type { ProviderReport } from './provider.js';

/** The report of a hypervisor that can be used. Throws its own problem as a LabError (exit code 2) when it cannot. */
export function requireUsable(report: ProviderReport): ProviderReport {
  if (report.usable) return report;
  const problem = report.problems[0] ?? {
    code: 'PROVIDER_UNUSABLE',
    message: 'The hypervisor cannot be used.',
    remedy: ['coreos-lab doctor'],
  };
  throw new LabError({ ...problem, exitCode: 2 });
}

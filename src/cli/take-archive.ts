import type { ContainerStore } from '../engine/containers/container-store.js';
import { LabError } from '../engine/errors.js';

/** Takes a container image that was built elsewhere into the cache, if one is named. Rejects with LabError CHECKSUM_MISSING. */
export async function takeArchive(
  store: ContainerStore,
  version: string,
  source: string | undefined,
  { sha256, command, signal }: { sha256?: string | undefined; command: string; signal: AbortSignal },
): Promise<void> {
  if (source === undefined && sha256 === undefined) return;
  if (source !== undefined && sha256 !== undefined) {
    await store.fetch(version, source, sha256, { signal });
    return;
  }
  throw new LabError({
    code: 'CHECKSUM_MISSING',
    message: 'An archive is taken together with its checksum only.',
    remedy: [`Write: ${command} URL-OR-FILE --sha256 CHECKSUM`, `Or neither: ${command}`],
    exitCode: 2,
  });
}

import type { OperationOptions } from '../lab.js';

/** What the provisioner runs in containers. */
export type ContainerName = 'mayu' | 'update-server';

/** A container image as an archive in the cache, for `docker load`; paths absolute. */
export interface ContainerArchive {
  name: ContainerName;
  version: string;
  /** Cache key: hash of the recipe, or the sha256 it was fetched under. */
  hash: string;
  file: string;
  bytes: number;
  sha256: string;
}

export type ContainerStores = Record<ContainerName, ContainerStore>;

/** Where a container image comes from. All methods emit `progress` events, reject with LabError, and leave nothing half-made. */
export interface ContainerStore {
  /** The archive of this version, if it is in the cache and whole. */
  find(version: string): Promise<ContainerArchive | undefined>;
  /** Builds it by its recipe; the cached one when the recipe's hash is there already. */
  build(version: string, options?: OperationOptions): Promise<ContainerArchive>;
  /** Takes an archive of `docker save` from a URL or a file; `sha256` is checked first. */
  fetch(version: string, source: string, sha256: string, options?: OperationOptions): Promise<ContainerArchive>;
}

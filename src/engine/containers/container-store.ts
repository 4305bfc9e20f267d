import type { OperationOptions } from '../lab.js';

/** A container image as an archive in the cache, for `docker load`; paths absolute. */
export interface ContainerArchive {
  name: 'mayu';
  version: string;
  /** Cache key: hash of the recipe, or the sha256 it was fetched under. */
  hash: string;
  file: string;
  bytes: number;
  sha256: string;
}

/** Where container images come from. All methods emit `progress` events, reject with LabError, and leave nothing half-made. */
export interface ContainerStore {
  /** The archive of this version, if it is in the cache and whole. */
  find(version: string): Promise<ContainerArchive | undefined>;
  /** Builds it with provision/mayu/image/build; the cached one when the recipe's hash is there already. */
  build(version: string, options?: OperationOptions): Promise<ContainerArchive>;
  /** Takes an archive of `docker save` from a URL or a file; `sha256` is checked first. */
  fetch(version: string, source: string, sha256: string, options?: OperationOptions): Promise<ContainerArchive>;
}

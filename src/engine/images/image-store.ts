import type { ArtefactName, ImageDefinition } from './image-definition.js';

/** What is in the cache of an operating system, verified when it came; paths absolute. */
export interface CachedImage {
  name: ImageDefinition['name'];
  version: string;
  /** Cache key: hash of the recipe, the sha256 it was fetched under, or the fingerprint of the key that vouches for it. */
  hash: string;
  directory: string;
  artefacts: ArtefactName[];
  /** Sum of file sizes. */
  bytes: number;
}

/** An image that machines can be started from. */
export interface ImageFiles extends CachedImage {
  /** flatcar_production_pxe.vmlinuz */
  kernel: string;
  /** flatcar_production_pxe_image.cpio.gz */
  initrd: string;
  /** A/B disk, the read-only base of machine disks; of the hypervisor that the store was made for. */
  disk: string;
}

export interface ImageOptions {
  signal?: AbortSignal;
}

export interface ReleaseOptions extends ImageOptions {
  /** URL or directory to take releases from, instead of where they are published. */
  mirror?: string | undefined;
}

/** Where images come from. All methods emit `progress` events, reject with LabError, and leave nothing half-made. */
export interface ImageStore {
  /** The image lab.yaml asks for if it is in the cache and whole, otherwise undefined. Cheap: no hashing of big files. */
  find(name: ImageDefinition['name'], version: string): Promise<ImageFiles | undefined>;
  list(): Promise<CachedImage[]>;
  /** Builds the Lab OS with provision/labos/build; returns the cached one when the recipe's hash is there already. */
  build(name: 'labos', version: string, options?: ImageOptions): Promise<ImageFiles>;
  /** Takes a packed image (.tar or .tar.zst of the directory) from a URL or a file; `sha256` is required and checked first. */
  fetch(source: string, sha256: string, options?: ImageOptions): Promise<CachedImage>;
  /** The version that a channel's name stands for at this moment; a version stands for itself. */
  resolve(name: ImageDefinition['name'], version: string, options?: ReleaseOptions): Promise<string>;
  /**
   * Fetches what is published of a version and not here yet, several files at a time: what this hypervisor starts machines from, or those
   * artefacts. Each is checked against its signature before it gets its name.
   */
  release(
    name: ImageDefinition['name'],
    version: string,
    options?: ReleaseOptions & { artefacts?: readonly ArtefactName[] },
  ): Promise<CachedImage>;
  remove(image: CachedImage): Promise<void>;
}

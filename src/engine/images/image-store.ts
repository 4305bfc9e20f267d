/** A verified operating system image in the cache; all paths absolute. */
export interface ImageFiles {
  name: 'labos' | 'flatcar';
  version: string;
  /** Cache key: hash of the recipe, or the sha256 it was fetched under. */
  hash: string;
  directory: string;
  /** flatcar_production_pxe.vmlinuz */
  kernel: string;
  /** flatcar_production_pxe_image.cpio.gz */
  initrd: string;
  /** flatcar_production_qemu_image.img: A/B disk, qcow2, the read-only base of machine disks. */
  disk: string;
  /** Sum of file sizes. */
  bytes: number;
}

export interface ImageOptions {
  signal?: AbortSignal;
}

/** Where images come from. All methods emit `progress` events, reject with LabError, and leave nothing half-made. */
export interface ImageStore {
  /** The image lab.yaml asks for if it is in the cache and whole, otherwise undefined. Cheap: no hashing of big files. */
  find(name: ImageFiles['name'], version: string): Promise<ImageFiles | undefined>;
  list(): Promise<ImageFiles[]>;
  /** Builds the Lab OS with provision/labos/build; returns the cached one when the recipe's hash is there already. */
  build(name: 'labos', version: string, options?: ImageOptions): Promise<ImageFiles>;
  /** Takes a packed image (.tar or .tar.zst of the directory) from a URL or a file; `sha256` is required and checked first. */
  fetch(source: string, sha256: string, options?: ImageOptions): Promise<ImageFiles>;
  remove(image: ImageFiles): Promise<void>;
}

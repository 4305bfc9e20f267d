import { join } from 'node:path';
import { isUrl } from '../http.js';
import type { ReleaseSource } from '../image-definition.js';

/** Where the files of releases are: at their publisher, or the same folders below a mirror's URL or directory. */
export interface ReleasePlace {
  /** URL or path of a file; `version` may be `newest`. */
  file(shelf: string, version: string, name: string): string;
  /** Where a key can be had, best first. */
  key(key: { file: string; url: string }): string[];
}

export function releasePlace(release: ReleaseSource, mirror: string | undefined): ReleasePlace {
  if (mirror === undefined) {
    return {
      file: (shelf, version, name) => `${release.shelf(shelf)}/${release.folder(version)}/${name}`,
      key: ({ url }) => [url],
    };
  }
  const below = (...parts: string[]) =>
    isUrl(mirror) ? [mirror.replace(/\/+$/, ''), ...parts].join('/') : join(mirror, ...parts);
  return {
    file: (shelf, version, name) => below(shelf, release.folder(version), name),
    key: ({ file, url }) => [below(file), url],
  };
}

import type { LabConfig } from '../config/lab-config.js';
import type { ContainerStores } from '../containers/container-store.js';
import type { EventSink } from '../events.js';
import type { Exec } from '../exec.js';
import type { ImageStore } from '../images/image-store.js';
import type { ProviderChoice } from '../providers/choose.js';
import type { Provider } from '../providers/provider.js';
import type { Ssh } from '../ssh/ssh.js';
import type { LabPaths } from '../state/paths.js';
import type { Timings } from '../state/timings.js';

/** What a lab is put together from. */
export interface LabParts {
  config: LabConfig;
  provider: Provider;
  /** Why it is this provider. */
  choice: ProviderChoice;
  ssh: Ssh;
  images: ImageStore;
  containers: ContainerStores;
  exec: Exec;
  events: EventSink;
  paths: LabPaths;
  timings: Timings;
  /** The package's provision/ folder, copied to the provisioner by `sync`. */
  provisionDirectory: string;
  /** Folder of lab.yaml, which `shared` is relative to. */
  baseDirectory: string;
}

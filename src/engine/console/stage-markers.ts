import type { BootStage } from '../events.js';

/** A text that shows that a stage has begun; where `after` is set, only in a boot that has come that far. */
export interface Marker {
  stage: BootStage;
  pattern: RegExp;
  after?: BootStage;
  /** What it says of an installation. */
  install?: 'begun' | 'done' | 'failed';
  /** Only a kernel that starts is announced by this; names of files are in many texts. */
  starts?: true;
}

/** In the order of a boot. Sources: SeaBIOS, iPXE, GRUB, Linux, provision/labos/README.md, provision/mayu/files/node. */
const MARKERS: readonly Marker[] = [
  { stage: 'firmware', pattern: /SeaBIOS|Oracle VM VirtualBox BIOS|Booting from/ },
  { stage: 'dhcp', pattern: /\bDHCP(?=\W)|Configuring \(net\d/ },
  { stage: 'ipxe', pattern: /Filename: |\.ipxe(?=\W)/ },
  // The network card's own ROM is an iPXE too: it greets before it asks for an address, and on machines without one.
  { stage: 'ipxe', pattern: /iPXE initialising|iPXE \d+\.\d/, after: 'dhcp' },
  { stage: 'kernel', pattern: /GRUB: loading|Linux version \d/, starts: true },
  { stage: 'kernel', pattern: /vmlinuz/ },
  { stage: 'initrd', pattern: /Run \/init as init process|labos: initrd:|dracut/ },
  { stage: 'ignition', pattern: /labos: ignition: first boot|ignition\[\d+\]/ },
  { stage: 'install', pattern: /flatcar-install/ },
  { stage: 'install', pattern: /labos: install: (?:to |fetching |\d{1,2}%)/, install: 'begun' },
  { stage: 'install', pattern: /labos: install: (?:100%|done)|Success! .{1,60}? is installed on/, install: 'done' },
  { stage: 'install', pattern: /labos: install: FAILED/, install: 'failed' },
  { stage: 'system', pattern: /labos: switching to the real root|running in system mode|systemd\[1\]: Switching root/ },
  { stage: 'etcd', pattern: /lab(?:os)?: etcd: member \S{1,80} of \d/ },
  { stage: 'running', pattern: /lab(?:os)?: boot complete/ },
];

/** Most of what a console prints is no marker: one look at a whole piece shows that. */
export const ANY_MARKER = new RegExp(MARKERS.map(({ pattern }) => pattern.source).join('|'));

/** The marker of a line that is complete first, and where it ends. */
export function firstMarker(line: string): (Marker & { end: number }) | undefined {
  let first: (Marker & { end: number }) | undefined;
  for (const marker of MARKERS) {
    const match = marker.pattern.exec(line);
    if (match === null) continue;
    const end = match.index + match[0].length;
    if (first === undefined || end <= first.end) first = { ...marker, end };
  }
  return first;
}

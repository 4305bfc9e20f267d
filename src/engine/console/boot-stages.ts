import type { BootStage } from '../events.js';

/** Lines that show that a stage has begun, in the order of a boot. Sources: SeaBIOS, iPXE, GRUB, Linux, provision/labos/README.md. */
const MARKERS: readonly (readonly [BootStage, RegExp])[] = [
  ['firmware', /SeaBIOS|Oracle VM VirtualBox BIOS|Booting from/],
  ['dhcp', /\bDHCP(?=\W)|Configuring \(net\d/],
  ['ipxe', /iPXE initialising|iPXE \d+\.\d|Filename: |\.ipxe(?=\W)/],
  ['kernel', /GRUB: loading|Linux version \d|bzImage|vmlinuz/],
  ['initrd', /Run \/init as init process|labos: initrd:|dracut/],
  ['ignition', /labos: ignition: first boot|ignition\[\d+\]/],
  ['install', /flatcar-install|labos: install/],
  ['system', /labos: switching to the real root|running in system mode|systemd\[1\]: Switching root/],
];

const ORDER: readonly BootStage[] = ['power-on', ...MARKERS.map(([stage]) => stage), 'ssh'];

/** How far a boot has come, read off the console. Feed it text in any pieces; it tells each stage once. */
export class BootStages {
  private rest = '';
  private at = 0;

  /** The stage reached. */
  get stage(): BootStage {
    return ORDER[this.at] ?? 'power-on';
  }

  /** Stages that `text` shows to have begun, in order. Firmware after a kernel is a reboot: the boot begins again. */
  feed(text: string): BootStage[] {
    const reached: BootStage[] = [];
    for (const line of (this.rest + text).split(/(?<=[\r\n])/)) {
      let left = line;
      for (let marker = firstMarker(left); marker !== undefined; marker = firstMarker(left)) {
        // What was looked at is dropped, and markers count in the order of their ends: however the text is cut into pieces,
        // the same stages come out.
        left = left.slice(marker.end);
        const rebooted = marker.index === ORDER.indexOf('firmware') && this.at >= ORDER.indexOf('kernel');
        if (marker.index <= this.at && !rebooted) continue;
        this.at = marker.index;
        reached.push(this.stage);
      }
      // A last line without its end may still grow; it is looked at again, so that no marker is cut in two.
      this.rest = /[\r\n]$/.test(left) ? '' : left.slice(-500);
    }
    return reached;
  }

  /** Told from outside: power-on, or ssh answered. */
  reach(stage: BootStage): boolean {
    const index = ORDER.indexOf(stage);
    const moved = index !== this.at;
    this.at = index;
    if (stage === 'power-on') this.rest = '';
    return moved;
  }
}

/** The marker of a line that is complete first, and where it ends. */
function firstMarker(line: string): { index: number; end: number } | undefined {
  let first: { index: number; end: number } | undefined;
  for (const [index, [, pattern]] of MARKERS.entries()) {
    const match = pattern.exec(line);
    if (match === null) continue;
    const end = match.index + match[0].length;
    if (first === undefined || end <= first.end) first = { index: index + 1, end };
  }
  return first;
}

import type { BootStage } from '../events.js';

/** Lines that show that a stage has begun, in the order of a boot. Sources: SeaBIOS, iPXE, GRUB, Linux, provision/labos/README.md. */
const MARKERS: readonly (readonly [BootStage, RegExp])[] = [
  ['firmware', /SeaBIOS|Oracle VM VirtualBox BIOS|Booting from/],
  ['dhcp', /\bDHCP\b|Configuring \(net\d/],
  ['ipxe', /iPXE initialising|iPXE \d+\.\d+|Filename: |\.ipxe\b/],
  ['kernel', /GRUB: loading|Linux version \d|bzImage|vmlinuz/],
  ['initrd', /Run \/init as init process|labos: initrd:|dracut/],
  ['ignition', /labos: ignition: first boot|ignition\[\d+\]/],
  ['install', /flatcar-install|labos: install/],
  ['system', /labos: switching to the real root|systemd\[1\]: .*(running in system mode|Switching root)/],
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
    const lines = (this.rest + text).split(/\r?\n|\r/);
    // A last line without its end may still grow; it is looked at again, so that no marker is cut in two.
    this.rest = (lines.at(-1) ?? '').slice(-500);
    const reached: BootStage[] = [];
    for (const line of lines) {
      const index = this.indexOf(line);
      if (index === undefined) continue;
      const rebooted = index === ORDER.indexOf('firmware') && this.at >= ORDER.indexOf('kernel');
      if (index <= this.at && !rebooted) continue;
      this.at = index;
      reached.push(this.stage);
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

  private indexOf(line: string): number | undefined {
    for (let index = MARKERS.length - 1; index >= 0; index--) {
      if (MARKERS[index]?.[1].test(line)) return index + 1;
    }
    return undefined;
  }
}

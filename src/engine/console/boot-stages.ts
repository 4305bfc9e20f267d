import type { BootStage } from '../events.js';

/** A text that shows that a stage has begun; where `after` is set, only in a boot that has come that far. */
interface Marker {
  stage: BootStage;
  pattern: RegExp;
  after?: BootStage;
}

const ORDER: readonly BootStage[] = [
  'power-on',
  'firmware',
  'dhcp',
  'ipxe',
  'kernel',
  'initrd',
  'ignition',
  'install',
  'system',
  'ssh',
];

/** In the order of a boot. Sources: SeaBIOS, iPXE, GRUB, Linux, provision/labos/README.md. */
const MARKERS: readonly Marker[] = [
  { stage: 'firmware', pattern: /SeaBIOS|Oracle VM VirtualBox BIOS|Booting from/ },
  { stage: 'dhcp', pattern: /\bDHCP(?=\W)|Configuring \(net\d/ },
  { stage: 'ipxe', pattern: /Filename: |\.ipxe(?=\W)/ },
  // The network card's own ROM is an iPXE too: it greets before it asks for an address, and on machines without one.
  { stage: 'ipxe', pattern: /iPXE initialising|iPXE \d+\.\d/, after: 'dhcp' },
  { stage: 'kernel', pattern: /GRUB: loading|Linux version \d|vmlinuz/ },
  { stage: 'initrd', pattern: /Run \/init as init process|labos: initrd:|dracut/ },
  { stage: 'ignition', pattern: /labos: ignition: first boot|ignition\[\d+\]/ },
  { stage: 'install', pattern: /flatcar-install|labos: install/ },
  { stage: 'system', pattern: /labos: switching to the real root|running in system mode|systemd\[1\]: Switching root/ },
];

/** How far the installer of the Lab OS has come. */
const INSTALLED = /labos: install: (\d{1,3})%/g;

/** Most of what a console prints is no marker: one look at a whole piece shows that. */
const ANY_MARKER = new RegExp(MARKERS.map(({ pattern }) => pattern.source).join('|'));

/** How far a boot has come, read off the console. Feed it text in any pieces; it tells each stage once. */
export class BootStages {
  private rest = '';
  /** The last line of an installer, without its end. */
  private open = '';
  private at = 0;
  /** Of the present stage, where the console tells it: 0 to 100. */
  percent: number | undefined;

  /** The stage reached. */
  get stage(): BootStage {
    return ORDER[this.at] ?? 'power-on';
  }

  /** Stages that `text` shows to have begun, in order. Firmware after a kernel is a reboot: the boot begins again. */
  feed(text: string): BootStage[] {
    const pending = this.rest + text;
    const installing = this.stage === 'install' ? this.open + text : pending;
    const reached = this.follow(pending);
    if (this.stage === 'install') {
      const percent = [...installing.matchAll(INSTALLED)].at(-1)?.[1];
      if (percent !== undefined) this.percent = Math.min(100, Number(percent));
      this.open = lastLine(installing);
    }
    return reached;
  }

  private follow(pending: string): BootStage[] {
    const reached: BootStage[] = [];
    if (!ANY_MARKER.test(pending)) {
      this.rest = lastLine(pending);
      return reached;
    }
    for (const line of pending.split(/(?<=[\r\n])/)) {
      let left = line;
      for (let marker = firstMarker(left); marker !== undefined; marker = firstMarker(left)) {
        // What was looked at is dropped, and markers count in the order of their ends: however the text is cut into pieces,
        // the same stages come out.
        left = left.slice(marker.end);
        const index = ORDER.indexOf(marker.stage);
        const rebooted = marker.stage === 'firmware' && this.at >= ORDER.indexOf('kernel');
        const tooEarly = marker.after !== undefined && this.at < ORDER.indexOf(marker.after);
        if (tooEarly || (index <= this.at && !rebooted)) continue;
        this.move(index);
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
    this.move(index);
    if (stage === 'power-on') this.rest = '';
    return moved;
  }

  private move(index: number): void {
    if (index !== this.at) this.percent = undefined;
    this.at = index;
  }
}

const lastLine = (text: string): string => /[^\r\n]*$/.exec(text.slice(-500))?.[0] ?? '';

/** Where a stage stands in the order of a boot. */
export const stageIndex = (stage: BootStage): number => ORDER.indexOf(stage);

/** The marker of a line that is complete first, and where it ends. */
function firstMarker(line: string): (Marker & { end: number }) | undefined {
  let first: (Marker & { end: number }) | undefined;
  for (const marker of MARKERS) {
    const match = marker.pattern.exec(line);
    if (match === null) continue;
    const end = match.index + match[0].length;
    if (first === undefined || end <= first.end) first = { ...marker, end };
  }
  return first;
}

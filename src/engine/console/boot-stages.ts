import type { BootStage } from '../events.js';
import { lastLine } from './last-line.js';
import { ANY_MARKER, firstMarker, type Marker } from './stage-markers.js';
import { stageIndex, TOLD_LATE } from './stage-order.js';

/** Of an unfinished line, this much of its end is kept. */
const LINE = 500;

/** How far the installer of the Lab OS has come. */
const INSTALLED = /labos: install: (\d{1,3})%/g;

/** How far a boot has come, read off the console. Feed it text in any pieces; it tells each stage once. */
export class BootStages {
  private rest = '';
  /** The last line of an installer, without its end. */
  private open = '';
  private present: BootStage = 'power-on';
  private readonly passed = new Set<BootStage>();
  /** The installer was done: the firmware that speaks next belongs to this boot. */
  private installed = false;
  /** Of the present stage, where the console tells it: 0 to 100. */
  percent: number | undefined;
  /** How many times the console showed that the boot began again. */
  restarts = 0;

  /** The stage reached. */
  get stage(): BootStage {
    return this.present;
  }

  has(stage: BootStage): boolean {
    return this.passed.has(stage);
  }

  /** The machine came over the network to be installed; undefined = not known yet. */
  get installs(): boolean | undefined {
    if (this.has('dhcp') || this.has('ipxe') || this.has('install')) return true;
    return stageIndex(this.present) >= stageIndex('kernel') ? false : undefined;
  }

  /** What runs came over the network; what stays is yet to be booted from the disk. */
  get inMemory(): boolean {
    if (this.installs !== true || this.has('disk')) return false;
    return stageIndex(this.present) >= stageIndex('kernel') && stageIndex(this.present) <= stageIndex('system');
  }

  /** Stages that `text` shows to have begun, in order. Firmware after a kernel is a reboot: the boot begins again. */
  feed(text: string): BootStage[] {
    const pending = this.rest + text;
    const installing = this.stage === 'install' ? this.open + text : pending;
    const reached = this.follow(pending);
    if (this.stage === 'install') {
      const percent = [...installing.matchAll(INSTALLED)].at(-1)?.[1];
      if (percent !== undefined) this.percent = Math.min(100, Number(percent));
      this.open = lastLine(installing).slice(-LINE);
    }
    return reached;
  }

  private follow(pending: string): BootStage[] {
    const reached: BootStage[] = [];
    if (!ANY_MARKER.test(pending)) {
      this.rest = lastLine(pending).slice(-LINE);
      return reached;
    }
    for (const line of pending.split(/(?<=[\r\n])/)) {
      let left = line;
      for (let marker = firstMarker(left); marker !== undefined; marker = firstMarker(left)) {
        // What was looked at is dropped, and markers count in the order of their ends: however the text is cut into pieces,
        // the same stages come out.
        left = left.slice(marker.end);
        const stage = this.next(marker);
        if (stage !== undefined) reached.push(stage);
        if (this.present === 'install' && marker.install !== undefined) this.installed = marker.install === 'done';
      }
      // A last line without its end may still grow; it is looked at again, so that no marker is cut in two.
      this.rest = /[\r\n]$/.test(left) ? '' : left.slice(-500);
    }
    return reached;
  }

  /** The stage that a marker shows to have begun, if it is news. */
  private next(marker: Marker): BootStage | undefined {
    const { stage } = marker;
    const { present } = this;
    if (marker.after !== undefined && (present === 'reboot' || this.isBefore(marker.after))) return undefined;
    switch (stage) {
      case 'firmware':
        if (present === 'install' && this.installed) return this.move('reboot');
        if (present === 'reboot' || this.isBefore('kernel')) break;
        return this.restart(stage);
      case 'dhcp':
        // The disk could not be booted after all.
        if (present === 'reboot') return this.restart(stage);
        break;
      case 'kernel':
        if (!marker.starts) break;
        if (present === 'reboot' || (present === 'install' && this.installed)) return this.move('disk');
        break;
      case 'install':
        return this.mayInstall(marker) ? this.move(stage) : undefined;
      case 'system':
        if (present === 'install' || present === 'reboot') return undefined;
        break;
    }
    return this.reach(stage) ? stage : undefined;
  }

  /** The installer runs in a system that came over the network, or it says itself that it writes. Its name alone is in many texts. */
  private mayInstall({ install }: Marker): boolean {
    if (this.has('install') || this.has('disk') || this.has('etcd') || this.has('running')) return false;
    return this.isBefore('install') || this.installs === true || install === 'begun';
  }

  private isBefore(stage: BootStage): boolean {
    return stageIndex(this.present) < stageIndex(stage);
  }

  /** Told by the console or from outside: power-on, ssh answered, seen on the wire. True when it is news; never moves back. */
  reach(stage: BootStage): boolean {
    if (stage === 'power-on') {
      const moved = this.present !== 'power-on';
      this.begin();
      this.rest = '';
      this.present = 'power-on';
      return moved;
    }
    if (this.passed.has(stage)) return false;
    if (this.isBefore(stage)) this.move(stage);
    else if (TOLD_LATE.has(stage)) this.passed.add(stage);
    else return false;
    return true;
  }

  private restart(stage: BootStage): BootStage {
    this.begin();
    this.restarts++;
    return this.move(stage);
  }

  private begin(): void {
    this.passed.clear();
    this.installed = false;
    this.percent = undefined;
    this.open = '';
  }

  private move(stage: BootStage): BootStage {
    if (stage !== this.present) this.percent = undefined;
    this.present = stage;
    // What the system in memory had come to is still ahead of the one on the disk.
    for (const each of this.passed) if (stageIndex(each) > stageIndex(stage)) this.passed.delete(each);
    this.passed.add(stage);
    return stage;
  }
}

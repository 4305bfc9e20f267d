import type { BootStage } from '../../engine/events.js';
import { bootPath } from '../state/boot-path.js';
import type { MachineView } from '../state/lab-state.js';
import { isBooting, isUp } from '../state/reduce-machines.js';
import { clock } from '../theme/format.js';
import { clip, width as columnsOf, pad, plain, spread } from '../theme/text.js';
import { glyph, type Theme } from '../theme/theme.js';

const STAGE: Record<BootStage, string> = {
  'power-on': 'power',
  firmware: 'POST',
  dhcp: 'DHCP',
  ipxe: 'iPXE',
  kernel: 'kernel',
  initrd: 'initrd',
  ignition: 'Ignition',
  install: 'install',
  reboot: 'reboot',
  disk: 'disk',
  system: 'system',
  ssh: 'ssh',
  etcd: 'etcd',
  running: 'running',
};

export const stateWord: Record<MachineView['state'], string> = {
  not_created: 'not created',
  poweroff: 'off',
  starting: 'starting',
  running: 'running',
  paused: 'paused',
  stopping: 'stopping',
  aborted: 'crashed',
};

const ETCD: Record<NonNullable<MachineView['etcd']>, (theme: Theme) => string> = {
  leader: () => 'etcd leader',
  healthy: () => 'etcd ok',
  ill: (theme) => theme.paint('warn', 'etcd ill'),
};

export interface MachineLook {
  theme: Theme;
  width: number;
  now: number;
  /** The machine whose console is shown; marked when there is a choice to see. */
  selected: string | undefined;
}

/** One line a machine, columns aligned over all of them. */
export function machineLines(machines: readonly MachineView[], look: MachineLook): string[] {
  const longest = Math.max(0, ...machines.map(({ name }) => columnsOf(name)));
  const name = Math.min(longest, Math.max(10, Math.floor(look.width * 0.4)));
  return machines.map((machine) => machineLine(machine, name, look));
}

function machineLine(machine: MachineView, nameWidth: number, look: MachineLook): string {
  const { theme, width, now } = look;
  const name = pad(plain(machine.name), nameWidth);
  const chosen = machine.name === look.selected;
  const start = `${dot(machine, theme)} ${chosen ? theme.paint('selected', name) : name} `;
  const room = width - columnsOf(start);
  if (isBooting(machine) && machine.stages.length > 0) {
    const time = bootTime(machine, now, room >= 60, theme);
    return start + spread(chain(machine, room - columnsOf(time) - 1, theme), time, room);
  }
  return start + clip(facts(machine, now, theme, room), room);
}

function facts(machine: MachineView, now: number, theme: Theme, room: number): string {
  const word = pad(stateWord[machine.state], 11);
  const tone =
    machine.state === 'aborted' ? 'bad' : machine.state === 'running' ? 'ok' : isUp(machine.state) ? 'warn' : 'dim';
  const parts = [theme.paint(tone, isUp(machine.state) ? word.trimEnd() : word)];
  if (isUp(machine.state)) {
    if (machine.ip !== undefined) parts.push(machine.ip);
    if (machine.ssh === false) parts.push(theme.paint('warn', 'no ssh'));
    if (machine.etcd !== undefined) parts.push(ETCD[machine.etcd](theme));
    if (machine.ssh === true) parts.push('ssh ok');
    if (machine.since !== undefined) parts.push(theme.paint('dim', `up ${clock(now - machine.since)}`));
  } else if (machine.detail !== undefined) parts.push(theme.paint('dim', plain(machine.detail)));
  // What does not fit is left out as a whole, the least important first.
  while (parts.length > 1 && columnsOf(parts.join('  ')) > room) parts.pop();
  return parts.join('  ');
}

function dot(machine: MachineView, theme: Theme): string {
  if (machine.state === 'aborted') return theme.paint('bad', glyph.bad);
  if (isBooting(machine) || machine.state === 'stopping') return theme.paint('warn', glyph.half);
  if (machine.state === 'running') return theme.paint('ok', glyph.on);
  if (machine.state === 'paused') return theme.paint('warn', glyph.pause);
  return theme.paint('dim', glyph.off);
}

/** `0:42, usually 1:10`, short `0:42 of 1:10`. */
function bootTime(machine: MachineView, now: number, long: boolean, theme: Theme): string {
  if (machine.since === undefined) return '';
  const elapsed = now - machine.since;
  // How long ssh takes says nothing of what comes after it.
  const usual = machine.usualRunning ?? (machine.ssh === true ? undefined : machine.usual);
  const late = usual !== undefined && elapsed > usual * 1.5;
  const words = usual === undefined ? '' : `${long ? ', usually ' : ' of '}${clock(usual)}`;
  return theme.paint(late ? 'warn' : 'plain', clock(elapsed)) + theme.paint('dim', words);
}

/**
 * `POST › kernel › [Ignition 62%] › system › ssh`. When it is tight, passed stages give way first, then those that are farthest ahead; the present
 * one and the goal stay.
 */
export function chain(machine: MachineView, width: number, theme: Theme): string {
  const path = bootPath(machine);
  const at = path.indexOf(machine.stages.at(-1) as BootStage);
  const percent = machine.percent === undefined ? '' : ` ${Math.floor(machine.percent)}%`;
  const items = path.map((stage, index) => {
    if (stage === 'etcd' && index >= at && machine.waitsFor !== undefined)
      return theme.paint('warn', `etcd waits for ${plain(machine.waitsFor)}`);
    if (index < at) return theme.paint('ok', STAGE[stage]);
    if (index > at) return theme.paint('dim', STAGE[stage]);
    return theme.paint('accent', `[${STAGE[stage]}${percent}]`);
  });
  const separator = theme.paint('dim', ` ${glyph.arrow} `);
  const gap = theme.paint('dim', '…');
  const goal = items.length - 1;
  // From `from` to before `to`, then the goal.
  const line = (from: number, to: number, middle: string[]) =>
    [...items.slice(from, to), ...(to < goal ? middle : []), ...items.slice(Math.max(to, goal))].join(separator);
  for (let from = 0; from < Math.max(at, 0); from++) {
    if (columnsOf(line(from, goal, [])) <= width) return line(from, goal, []);
  }
  const present = Math.max(at, 0);
  for (let to = goal; to > present; to--) {
    if (columnsOf(line(present, to, [gap])) <= width) return line(present, to, [gap]);
  }
  return clip(line(present, present + 1, []), width);
}

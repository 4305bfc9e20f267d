import type { BootStage } from '../../engine/events.js';
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
  system: 'system',
  ssh: 'ssh',
};

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

/** What a machine of a role is expected to pass on its way; stages that it really passed are added. */
const PATH: Record<MachineView['role'], readonly BootStage[]> = {
  provisioner: ['firmware', 'kernel', 'ignition', 'system', 'ssh'],
  node: ['firmware', 'dhcp', 'ipxe', 'kernel', 'ignition', 'system', 'ssh'],
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
    if (machine.ssh !== undefined) parts.push(machine.ssh ? 'ssh ok' : theme.paint('warn', 'no ssh'));
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
  const late = machine.usual !== undefined && elapsed > machine.usual * 1.5;
  const usual = machine.usual === undefined ? '' : `${long ? ', usually ' : ' of '}${clock(machine.usual)}`;
  return theme.paint(late ? 'warn' : 'plain', clock(elapsed)) + theme.paint('dim', usual);
}

/** `POST › kernel › [Ignition 62%] › ssh`; passed stages give way first when it is tight. */
export function chain(machine: MachineView, width: number, theme: Theme): string {
  const present = machine.stages.at(-1);
  const at = present === undefined ? -1 : ORDER.indexOf(present);
  const known = new Set<BootStage>([...PATH[machine.role], ...machine.stages]);
  if (machine.stages.some((stage) => stage !== 'power-on')) known.delete('power-on');
  const items = ORDER.filter((stage) => known.has(stage)).map((stage) => {
    const index = ORDER.indexOf(stage);
    if (index < at) return { text: theme.paint('ok', STAGE[stage]), kind: 'done' };
    if (index > at) return { text: theme.paint('dim', STAGE[stage]), kind: 'todo' };
    const percent = machine.percent === undefined ? '' : ` ${Math.floor(machine.percent)}%`;
    return { text: theme.paint('accent', `[${STAGE[stage]}${percent}]`), kind: 'now' };
  });
  const separator = theme.paint('dim', ` ${glyph.arrow} `);
  const join = (all: typeof items) => all.map(({ text }) => text).join(separator);
  let shown = items;
  const shorter = () => {
    const middle = shown.findLastIndex(({ kind }, index) => kind === 'todo' && index < shown.length - 1);
    const past = shown.findIndex(({ kind }) => kind === 'done');
    const drop = past !== -1 && past < shown.length - 1 ? past : middle;
    return drop === -1 ? undefined : shown.toSpliced(drop, 1);
  };
  while (columnsOf(join(shown)) > width) {
    const next = shorter();
    if (next === undefined) break;
    shown = next;
  }
  return clip(join(shown), width);
}

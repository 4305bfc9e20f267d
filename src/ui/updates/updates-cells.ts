import { isBusy, type NodeUpdates, type SlotName } from '../../engine/updates/updates-state.js';
import { slotNumbers } from '../../engine/updates/updates-text.js';
import { nodeWord, statusWord } from '../../engine/updates/updates-words.js';
import { bar } from '../lesson/wait-lines.js';
import { width as columnsOf, pad, plain } from '../theme/text.js';
import { glyph, type Theme } from '../theme/theme.js';

export interface Column {
  title: string;
  width: number;
  /** Shown wherever there is a line at all; the others are left out from the last one on. */
  always?: true;
  cell(node: NodeUpdates): string;
}

const BAR = 10;

/** The columns of the nodes, the most important first. */
export function updatesColumns(nodes: readonly NodeUpdates[], theme: Theme, selected: string | undefined): Column[] {
  const widest = (least: number, most: number, text: (node: NodeUpdates) => string) =>
    Math.min(most, Math.max(least, ...nodes.map((node) => columnsOf(plain(text(node))))));
  const slot = (name: SlotName): Column => ({
    title: `USR-${name}`,
    width: widest(6, 8, (node) => slotText(node, name)),
    always: true,
    cell: (node) => theme.paint(runs(node, name) ? 'strong' : 'plain', slotText(node, name)),
  });
  return [
    {
      title: 'NODE',
      width: widest(4, 20, ({ machine }) => machine),
      always: true,
      cell: ({ machine }) => theme.paint(machine === selected ? 'selected' : 'plain', plain(machine)),
    },
    { title: 'RUNS', width: widest(4, 16, versionText), always: true, cell: (node) => plain(versionText(node)) },
    slot('A'),
    slot('B'),
    { title: 'ENGINE', width: 16, always: true, cell: (node) => engineCell(node, theme) },
    { title: 'LOCK', width: 4, cell: ({ lock }) => theme.paint('warn', lock ? 'lock' : '') },
    { title: 'SERVER', width: 11, cell: (node) => serverCell(node, theme) },
    {
      title: '',
      width: BAR,
      cell: ({ engine }) => (engine?.percent === undefined ? '' : barOf(engine.percent, theme)),
    },
  ];
}

/** `1.1.0 B`: the version and the slot that it is in. */
function versionText({ version = '?', slots }: NodeUpdates): string {
  return slots === undefined || slots === 'none' ? version : `${version} ${slots.running}`;
}

function slotText(node: NodeUpdates, name: SlotName): string {
  const { slots } = node;
  if (slots === undefined || slots === 'none') return ` ${glyph.skip}`;
  return `${runs(node, name) ? glyph.now : ' '}${slotNumbers(slots, name)}`;
}

function runs({ slots }: NodeUpdates, name: SlotName): boolean {
  return slots !== undefined && slots !== 'none' && slots.running === name;
}

function engineCell(node: NodeUpdates, theme: Theme): string {
  const text = plain(nodeWord(node));
  if (node.state !== 'answers' || node.slots === 'none') return theme.paint(node.lock ? 'warn' : 'dim', text);
  if (!node.engine?.running) return theme.paint('bad', text);
  return isBusy(node.engine) ? theme.paint('warn', text) : text;
}

function serverCell({ server }: NodeUpdates, theme: Theme): string {
  if (server === undefined) return theme.paint('dim', 'not seen');
  const tone = server.status === 'error' ? 'bad' : server.status === 'complete' ? 'ok' : 'plain';
  return theme.paint(tone, statusWord(server.status));
}

function barOf(percent: number, theme: Theme): string {
  return bar(percent / 100, BAR, theme);
}

/** What of the columns there is room for. */
export function fitColumns(columns: readonly Column[], width: number): Column[] {
  const fitting: Column[] = [];
  let used = 0;
  for (const column of columns) {
    used += column.width + 2;
    if (!column.always && used > width) break;
    fitting.push(column);
  }
  return fitting;
}

export function joinCells(cells: readonly string[], columns: readonly Column[]): string {
  return `  ${cells.map((cell, index) => pad(cell, (columns[index] as Column).width)).join('  ')}`.trimEnd();
}

import type { UpdatesState } from '../../engine/updates/updates-state.js';
import { groupWords, lockWords, rolloutSentence } from '../../engine/updates/updates-text.js';
import { clip, plain } from '../theme/text.js';
import { glyph, type Theme, type Tone } from '../theme/theme.js';
import { fitColumns, joinCells, updatesColumns } from './updates-cells.js';

export interface UpdatesLook {
  theme: Theme;
  width: number;
  height: number;
  /** The machine that is chosen. */
  selected: string | undefined;
}

/**
 * How far the rollout is, what the update server does and who holds the reboot lock, then a line for each node: version, slots, engine, lock, and what
 * the server says. Where the height does not do, the names of the columns give way first, then the lock, which the first line tells too, and the server;
 * what is left out at the end is counted.
 */
export function updatesLines(updates: UpdatesState | undefined, look: UpdatesLook): string[] {
  const { theme, width, height, selected } = look;
  if (updates === undefined)
    return [theme.paint('dim', clip('Updates are looked at once there is an update server.', width))];
  const { nodes } = updates;
  const heads = [rolloutLine(updates, theme), serverLine(updates, theme), lockLine(updates, theme)];
  const head = heads.slice(0, Math.max(1, height - nodes.length)).map((line) => clip(line, width));
  const columns = fitColumns(updatesColumns(nodes, theme, selected), width);
  const line = (cells: readonly string[]) => clip(joinCells(cells, columns), width);
  const titles = theme.paint('dim', line(columns.map(({ title }) => title)));
  const body = nodes.map((node) => line(columns.map(({ cell }) => cell(node))));
  const room = Math.max(1, height - head.length);
  if (body.length === 0) return head;
  if (body.length < room) return [...head, titles, ...body];
  if (body.length === room) return [...head, ...body];
  return [...head, ...body.slice(0, room - 1), theme.paint('dim', clip(`  … ${body.length - room + 1} more`, width))];
}

function rolloutLine(updates: UpdatesState, theme: Theme): string {
  const [tone, mark] = rolloutMark(updates);
  return `${theme.paint(tone, mark)} Nodes   ${plain(rolloutSentence(updates))}`;
}

function rolloutMark({ nodes, lock }: UpdatesState): readonly [Tone, string] {
  if (nodes.length === 0) return ['dim', glyph.off];
  if (nodes.some(({ server }) => server?.status === 'error')) return ['bad', glyph.bad];
  const calm = lock.state !== 'held' && nodes.every(({ engine }) => engine?.operation === 'IDLE');
  return calm ? ['ok', glyph.on] : ['warn', glyph.half];
}

function serverLine({ server }: UpdatesState, theme: Theme): string {
  const reason = server.reason === undefined ? '' : theme.paint('dim', `  ${plain(server.reason)}`);
  if (server.state === 'unknown') return `${theme.paint('dim', glyph.off)} Server  not known${reason}`;
  if (server.state === 'down') return `${theme.paint('bad', glyph.bad)} Server  ${theme.paint('bad', 'down')}${reason}`;
  const groups = server.groups.length === 0 ? 'no groups yet' : server.groups.map(groupWords).join('; ');
  const paused = server.groups.some(({ enabled }) => !enabled);
  const mark = paused ? theme.paint('warn', glyph.pause) : theme.paint('ok', glyph.on);
  return `${mark} Server  ${plain(groups)}`;
}

function lockLine({ lock }: UpdatesState, theme: Theme): string {
  const mark = lock.state === 'held' ? theme.paint('warn', glyph.half) : theme.paint('dim', glyph.off);
  return `${mark} Lock    ${plain(lockWords(lock))}`;
}

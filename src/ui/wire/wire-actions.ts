import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hexLines } from '../../engine/wire/hex.js';
import { lineText, type WireLine } from '../../engine/wire/wire-line.js';
import type { Parts } from '../app/parts.js';
import type { Work } from '../app/work.js';
import type { Actions } from '../keys/actions.js';
import { following } from '../logs/log-position.js';
import type { View } from '../state/view.js';
import { plural } from '../theme/format.js';
import { hang, plain } from '../theme/text.js';
import { filterOf, PROTOCOL_GROUPS, type WireLook } from './wire-look.js';

type WireActions = Pick<
  Actions,
  'selectLine' | 'openFrame' | 'otherFrame' | 'filterMachine' | 'filterProtocol' | 'toggleSequence' | 'saveWire'
>;

/** Columns of a frame's text in the narrowest dialog. */
const TEXT = 74;

/** What is done with the wire pane. */
export function wireActions(parts: Parts, work: Work): WireActions {
  const { store, viewport, options } = parts;
  const { lab } = options.workshop;
  const look = (change: (look: WireLook) => Partial<WireLook>) =>
    store.update((view) => {
      const wire = { ...view.wire, selected: undefined, ...change(view.wire) };
      return { ...view, wire, logs: { ...view.logs, wire: following(view.logs.wire) } };
    });

  const show = (line: WireLine, index: number) =>
    work.quietly(async () => {
      const ref = line.refs[index];
      const frame = ref === undefined ? undefined : await lab.wire.look(ref);
      if (frame === undefined)
        return { text: 'The capture with this frame is gone: the wire was recorded on.', tone: 'warn' };
      const width = Math.max(...frame.fields.map(([name]) => name.length)) + 2;
      const fields = frame.fields.flatMap(([name, value]) => hang(name.padEnd(width), plain(value), TEXT));
      const lines = [...fields, '', ...hexLines(frame.bytes)];
      const left = line.frames - line.refs.length;
      if (left > 0) lines.push('', `${plural(left, 'more frame')} of this line: P saves them all.`);
      const count = line.refs.length;
      const title = lineText(line);
      store.update((view) => ({
        ...view,
        dialog: { kind: 'frame', title, lines, line: line.id, index, count, scroll: 0 },
      }));
      return undefined;
    });

  return {
    selectLine(by) {
      const { first, end } = parts.wire.source(store.view.wire);
      if (end === first) return;
      store.update((view) => selected(view, by, viewport.logs.wire, first, end));
    },
    openFrame() {
      const source = parts.wire.source(store.view.wire);
      const { top, size } = viewport.logs.wire;
      const line = source.line(store.view.wire.selected ?? Math.min(source.end, top + size) - 1);
      if (line !== undefined) void show(line, 0);
    },
    otherFrame(by) {
      const { dialog } = store.view;
      if (dialog?.kind !== 'frame') return;
      const line = lab.wire.lines.find(({ id }) => id === dialog.line);
      if (line !== undefined) void show(line, (dialog.index + by + line.refs.length) % line.refs.length);
    },
    filterMachine: () =>
      look(({ machine, sequence }) => {
        const names = [undefined, ...store.lab.machines.map(({ name }) => name)];
        const next = names[(names.indexOf(machine) + 1) % names.length];
        return { machine: next, sequence: sequence && next !== undefined };
      }),
    filterProtocol: () => look(({ group }) => ({ group: (group + 1) % PROTOCOL_GROUPS.length })),
    toggleSequence: () =>
      look(({ sequence, machine }) =>
        sequence ? { sequence: false } : { sequence: true, machine: machine ?? store.view.machine },
      ),
    saveWire: () =>
      void work.quietly(async () => {
        const folder = join(lab.directory, 'saved');
        await mkdir(folder, { recursive: true });
        const stamp = new Date(parts.clock.now()).toISOString().slice(0, 19).replaceAll(':', '-');
        const file = join(folder, `wire-${stamp}.pcap`);
        const frames = await lab.wire.export(file, filterOf(store.view.wire));
        return { text: `Saved ${plural(frames, 'frame')} for Wireshark: ${file}`, tone: 'ok' };
      }),
  };
}

/** Chooses the line above or below; the pane pauses there, and goes on after the last one. */
function selected(view: View, by: 1 | -1, page: { top: number; size: number }, first: number, end: number): View {
  const last = Math.min(end, page.top + page.size) - 1;
  const from = view.wire.selected;
  const to = from === undefined ? (by < 0 ? last : end) : Math.max(first, from + by);
  if (to >= end) {
    return {
      ...view,
      wire: { ...view.wire, selected: undefined },
      logs: { ...view.logs, wire: following(view.logs.wire) },
    };
  }
  const top = Math.max(first, to < page.top ? to : to > last ? to - page.size + 1 : page.top);
  return {
    ...view,
    wire: { ...view.wire, selected: to },
    logs: { ...view.logs, wire: { ...view.logs.wire, top } },
  };
}

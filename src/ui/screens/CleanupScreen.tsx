import { Box } from 'ink';
import { useSnapshot, useUi } from '../app/context.js';
import { List } from '../dialogs/List.js';
import { inner, Pane } from '../panes/Pane.js';
import { isUp } from '../state/reduce-machines.js';
import type { ConfirmedAction, Dialog, View } from '../state/view.js';
import { bytes } from '../theme/format.js';
import { pad, plain } from '../theme/text.js';

interface Offer {
  name: string;
  text: string;
  action: ConfirmedAction;
  question: string;
  /** Must be typed: what is lost cannot be had back. */
  word?: string;
}

/** What can be ended or deleted; each asks first. */
export function CleanupScreen({ columns, rows }: { columns: number; rows: number }) {
  const { parts, theme } = useUi();
  const { view, lab } = useSnapshot();
  const { name } = parts.options.workshop.lab.config;
  const up = lab.machines.filter(({ state }) => isUp(state)).length;
  const created = lab.machines.filter(({ state }) => state !== 'not_created').length;
  const offers = offersFor({
    name,
    up,
    created,
    savepoints: view.savepoints,
    caches: parts.options.dropCaches !== undefined,
  });
  const size = { width: Math.min(columns, 100), height: Math.min(rows, offers.length + 2) };
  const room = inner(size);
  const ask = (offer: Offer): Dialog => ({
    kind: 'confirm',
    title: offer.name,
    text: offer.question,
    typed: '',
    action: offer.action,
    ...(offer.word === undefined ? {} : { word: offer.word }),
  });
  return (
    <Box width={columns} height={rows} justifyContent="center" alignItems="center" overflow="hidden">
      <Pane title="Clean up" {...size} focused theme={theme}>
        <List
          items={offers.map((offer, index) => ({
            value: `${index}`,
            label: `${pad(plain(offer.name), 34)}${theme.paint('dim', plain(offer.text))}`,
          }))}
          {...room}
          active={view.dialog === undefined && view.busy === undefined}
          onSelect={(_value, index) => {
            const offer = offers[index];
            if (offer !== undefined) parts.store.update((old) => ({ ...old, dialog: ask(offer) }));
          }}
        />
      </Pane>
    </Box>
  );
}

function offersFor(has: {
  name: string;
  up: number;
  created: number;
  savepoints: View['savepoints'];
  caches: boolean;
}): Offer[] {
  return [
    {
      name: 'Shut machines down',
      text: has.up === 0 ? 'none is running' : `${has.up} running`,
      action: { do: 'halt' },
      question: 'All running machines are asked to shut down. Their disks are kept.',
    },
    {
      name: 'Power machines off',
      text: 'at once, like pulling the plug',
      action: { do: 'poweroff' },
      question: 'All running machines lose power at once. Their disks are kept.',
    },
    {
      name: 'Destroy machines',
      text: has.created === 0 ? 'none exists' : `${has.created} exist; disks and savepoints go too`,
      action: { do: 'destroy' },
      question: `All machines of the lab ${has.name} are deleted with their disks and savepoints. This cannot be undone.`,
      word: has.name,
    },
    ...(has.savepoints ?? []).map(
      (savepoint): Offer => ({
        name: `Drop savepoint ${savepoint.name}`,
        text: `${bytes(savepoint.bytes)}, ${savepoint.machines.join(', ')}`,
        action: { do: 'discard', savepoint: savepoint.name },
        question: `The savepoint ${savepoint.name} is deleted. The machines stay as they are.`,
      }),
    ),
    {
      name: 'Forget progress',
      text: 'begin the lessons anew; machines are left alone',
      action: { do: 'startOver' },
      question: 'All steps count as not begun. Machines are left alone.',
    },
    ...(has.caches
      ? [
          {
            name: 'Drop downloaded and built images',
            text: 'they are made again when needed',
            action: { do: 'dropCaches' as const },
            question:
              'The cached images are deleted. Building or fetching them again takes minutes. Machines that use them must be destroyed first.',
          },
        ]
      : []),
  ];
}

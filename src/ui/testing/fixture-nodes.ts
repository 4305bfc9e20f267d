import type { BootStage, LabEventBody } from '../../engine/events.js';

/** What a node passes from power-on to its work, and after how many seconds. */
const WAY: readonly [BootStage, number][] = [
  ['power-on', 0],
  ['firmware', 1],
  ['dhcp', 4],
  ['ipxe', 7],
  ['kernel', 9],
  ['initrd', 31],
  ['ignition', 38],
  ['system', 44],
  ['install', 52],
  ['reboot', 79],
  ['disk', 83],
  ['system', 97],
  ['ssh', 104],
  ['etcd', 118],
  ['running', 119],
];
/** From power-on until a node runs, as earlier boots had it. */
const USUAL = 124_000;

/** The events of a node's boot as far as to `seconds` after power-on, with a percentage of where it is then. */
function bootOf(machine: string, seconds: number, percent?: number): LabEventBody[] {
  const passed = WAY.filter(([, at]) => at <= seconds);
  const event = { type: 'stage', machine, sinceStart: seconds * 1000, usual: USUAL } as const;
  const last = passed.at(-1)?.[0] ?? 'power-on';
  return [
    { type: 'machine', machine, state: 'running' },
    ...passed.map(([stage]): LabEventBody => ({ ...event, stage })),
    ...(percent === undefined ? [] : [{ ...event, stage: last, percent }]),
  ];
}

/** Three nodes on their way together, a little after each other, as computers with few cores have it. */
export const nodeBoots: Record<string, LabEventBody[]> = {
  'nodes-transfer': [...bootOf('core-01', 22, 62), ...bootOf('core-02', 21, 48), ...bootOf('core-03', 5)],
  'nodes-install': [...bootOf('core-01', 71, 64), ...bootOf('core-02', 60, 23), ...bootOf('core-03', 47)],
  'nodes-rebooted': [...bootOf('core-01', 105), ...bootOf('core-02', 98), ...bootOf('core-03', 81)],
  'nodes-running': [...bootOf('core-01', 131), ...bootOf('core-02', 125), ...bootOf('core-03', 206)].filter(
    // The third waits for its member, longer than usual.
    (event) => !(event.type === 'stage' && event.machine === 'core-03' && /etcd|running/.test(event.stage)),
  ),
};

import { useSnapshot, useUi } from '../app/context.js';
import { Lines } from '../panes/Lines.js';
import { inner, Pane } from '../panes/Pane.js';
import { clusterLines } from './cluster-lines.js';

/** Mayu's hosts with their states, and the etcd of the nodes: members, leader, health, quorum. */
export function ClusterPane({ width, height, focused }: { width: number; height: number; focused: boolean }) {
  const { theme } = useUi();
  const { lab, view, now } = useSnapshot();
  const size = { width, height };
  const room = inner(size);
  const lines = clusterLines(lab.cluster, lab.machines, { theme, ...room, now, selected: view.machine });
  const members = lab.cluster?.etcd.members ?? [];
  const healthy = members.filter((member) => member.healthy).length;
  const note = members.length === 0 ? '' : `etcd ${healthy} of ${members.length}`;
  return (
    <Pane title="Cluster" note={note} {...size} focused={focused} theme={theme}>
      <Lines lines={lines.slice(0, room.height)} {...room} />
    </Pane>
  );
}

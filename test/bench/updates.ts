import { Sandbox } from '../e2e/sandbox.js';
import { type Benchmark, median } from './figures.js';
import { must, NODES } from './runs.js';

const VERSION = '1.1.0';
/** On the provisioner: each machine's states, with their times, as the update server noted them. */
const HISTORY = `. /etc/coreos-lab/lab.env
api=http://$PROVISIONER_IP:8000/api/apps/e96281a6-d1af-4bde-9a0a-97b76e56dc57
group=$(curl -fsS "$api/groups" | jq -r '.groups[] | select(.track == "lab") | .id')
for id in $(curl -fsS "$api/groups/$group/instances?status=0&duration=1d" | jq -r '.instances[].id'); do
  curl -fsS "$api/groups/$group/instances/$id/status_history" | jq -c .
done`;
/** Nebraska's numbers. */
const [GRANTED, COMPLETE, DOWNLOADED] = [2, 4, 6];

interface Entry {
  status: number;
  created_ts: string;
}

/** Three nodes from one version to the next, one after the other as the policy wants, against the sum of what each of them does. */
export const updates: Benchmark = {
  name: 'updates',
  async run() {
    const sandbox = await Sandbox.create();
    const provisioner = (script: string) => must(sandbox, ['exec', 'core-provisioner', '--', 'bash', '-c', script]);
    try {
      await must(sandbox, ['run', 'sandbox#up', 'sandbox#sync', 'sandbox#gateway']);
      await must(sandbox, ['run', ...['prepare', 'configure', 'start', 'boot'].map((step) => `bootstrap#${step}`)]);
      await must(sandbox, ['run', ...['idea', 'server', 'rules'].map((step) => `updates#${step}`)]);
      await provisioner('provision/update/apply group provision/update/group.json');
      const begin =
        'sudo systemctl unmask update-engine locksmithd; sudo systemctl --no-block start update-engine locksmithd';
      await Promise.all(NODES.map((name) => must(sandbox, ['exec', name, '--', 'bash', '-c', begin])));
      await provisioner(`sudo provision/update/watch ${VERSION} complete ${NODES.length}`);
      return figures(
        (await provisioner(HISTORY))
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Entry[]),
      );
    } finally {
      await sandbox.dispose();
    }
  },
};

function figures(histories: readonly Entry[][]) {
  const spans = histories.map((history) => {
    const last = (status: number) =>
      Math.max(...history.filter((entry) => entry.status === status).map((entry) => Date.parse(entry.created_ts))) /
      1000;
    return { granted: last(GRANTED), downloaded: last(DOWNLOADED), complete: last(COMPLETE) };
  });
  const total = Math.max(...spans.map(({ complete }) => complete)) - Math.min(...spans.map(({ granted }) => granted));
  const work = spans.map(({ granted, complete }) => complete - granted);
  const sum = work.reduce((all, each) => all + each, 0);
  const note = `median of ${spans.length} nodes`;
  return [
    {
      name: 'three nodes updated, one after the other',
      value: total,
      unit: 's',
      note: 'from the first offer to the last report',
    },
    {
      name: 'download, verify and write',
      value: median(spans.map(({ granted, downloaded }) => downloaded - granted)),
      unit: 's',
      note,
    },
    {
      name: 'read back, switch, lock, restart and report',
      value: median(spans.map(({ downloaded, complete }) => complete - downloaded)),
      unit: 's',
      note,
    },
    { name: 'sum over the nodes', value: sum, unit: 's' },
    { name: 'waiting for policy and next question', value: total - sum, unit: 's' },
  ];
}

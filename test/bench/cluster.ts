import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LabEvent } from '../../src/engine/events.js';
import { switchFiles } from '../../src/engine/network/switch-protocol.js';
import { askSwitch } from '../../src/engine/network/switch-request.js';
import { run, Sandbox } from '../e2e/sandbox.js';
import { type Benchmark, type Figure, median } from './figures.js';
import { must, NODES } from './runs.js';

/** In turn, and back, so that a computer that gets slower or faster favours nobody. */
const ORDER = (process.env.CLUSTER_ORDER ?? 'lab bare bare lab').split(' ') as ('lab' | 'bare')[];

/**
 * On the provisioner: ends when all three etcd members say that they are healthy, which takes a quorum. An emulated machine may hang,
 * and nobody resets it here.
 */
const HEALTHY = `for ip in 192.168.2.21 192.168.2.22 192.168.2.23; do
  until curl -fsm 2 "http://$ip:2379/health" | grep -q '"health":"true"'; do
    [ $SECONDS -lt 900 ] || { echo "$ip is not healthy after 15 minutes: its machine hangs; run the benchmark again" >&2; exit 1; }
    sleep 1
  done
done`;

type Stages = Map<string, Map<string, number>>;

/**
 * Three blank machines until they are an etcd cluster: by `coreos-lab run bootstrap#boot`, which watches consoles and wire meanwhile, and by
 * nothing but the same three QEMU processes, on the same switch, with the same provisioner.
 */
export const cluster: Benchmark = {
  name: 'cluster',
  async run() {
    const sandbox = await Sandbox.create();
    const taken = { lab: [] as number[], bare: [] as number[] };
    const stages: Stages[] = [];
    let commands: string[][] = [];
    const savepoint: number[] = [];
    try {
      await must(sandbox, ['run', 'sandbox#up', 'sandbox#sync', 'sandbox#gateway']);
      await must(sandbox, ['run', 'bootstrap#prepare', 'bootstrap#configure', 'bootstrap#start']);
      for (const who of ORDER) {
        await must(sandbox, ['destroy', '--yes', ...NODES]);
        const started = performance.now();
        const healthy = must(sandbox, ['exec', 'core-provisioner', '--', 'bash', '-c', HEALTHY]).then(
          () => (performance.now() - started) / 1000,
        );
        if (who === 'lab') stages.push(stagesOf(await must(sandbox, ['run', 'bootstrap#boot', '--json'])));
        else await bare(commands);
        taken[who].push(await healthy);
        console.log(`  ${who}: ${taken[who].at(-1)?.toFixed(1)} s`);
        if (commands.length > 0) continue;
        commands = await commandsOf(sandbox);
        // Here, where all four machines are the lab's.
        savepoint.push(await seconds(() => must(sandbox, ['snapshot', 'save', 'bench'])));
        savepoint.push(await seconds(() => must(sandbox, ['snapshot', 'restore', 'bench'])));
      }
    } finally {
      await sandbox.dispose();
    }
    const lab = Math.min(...taken.lab);
    const figures: Figure[] = [
      {
        name: 'three nodes to a healthy etcd, coreos-lab',
        value: lab,
        unit: 's',
        aim: '< 240 s',
        note: all(taken.lab),
      },
    ];
    if (taken.bare.length > 0) {
      const alone = Math.min(...taken.bare);
      figures.push({ name: 'three nodes, nothing but QEMU', value: alone, unit: 's', note: all(taken.bare) });
      figures.push({ name: 'overhead of the lab', value: (lab / alone - 1) * 100, unit: '%', aim: '< 5 %' });
    }
    const [saved = 0, restored = 0] = savepoint;
    figures.push({ name: 'savepoint of four machines, saved', value: saved, unit: 's' });
    figures.push({ name: 'savepoint of four machines, restored', value: restored, unit: 's', aim: '< 20 s' });
    return [...figures, ...stageFigures(stages)];
  },
};

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

const all = (values: readonly number[]) => `fastest of ${values.map((each) => each.toFixed(1)).join(', ')}, in turn`;

/** How the lab started the nodes. */
async function commandsOf(sandbox: Sandbox): Promise<string[][]> {
  const found = await sandbox.processes(/qemu-system.*-name core-0[123]/);
  return Promise.all(
    found.map(async ({ pid }) => (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1)),
  );
}

async function bare(commands: readonly string[][]): Promise<void> {
  if (commands.length !== NODES.length) throw new Error('the lab has to go first, to say how it starts nodes');
  for (const command of commands) {
    const words = command.join(' ');
    const [, name = '', disk = '', port = ''] =
      /-name (\S+) .*file=([^,]*disk\.qcow2).*addr\.path=(\S+\.net)/.exec(words) ?? [];
    if (port === '') throw new Error(`this is no command of a node: ${words}`);
    await askSwitch(switchFiles(dirname(port)).control, { command: 'add', name, path: port }, 5000);
    await mkdir(dirname(disk), { recursive: true });
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '8G']);
    // As the lab lets nodes give way to the provisioner.
    spawn('nice', ['-n', '10', ...command], { stdio: 'ignore', detached: true }).unref();
  }
}

/** When each machine came to each stage, in milliseconds from its power-on. */
function stagesOf(output: string): Stages {
  const stages: Stages = new Map();
  for (const line of output.trim().split('\n')) {
    const event = JSON.parse(line) as LabEvent;
    if (event.type !== 'stage' || !NODES.includes(event.machine)) continue;
    const reached = stages.get(event.machine) ?? new Map<string, number>();
    stages.set(event.machine, reached);
    if (!reached.has(event.stage)) reached.set(event.stage, event.sinceStart);
  }
  return stages;
}

/** How long each stage lasted until the next one, over all machines and rounds. */
function stageFigures(rounds: readonly Stages[]): Figure[] {
  const lasted = new Map<string, number[]>();
  for (const reached of rounds.flatMap((round) => [...round.values()])) {
    const order = [...reached].sort((a, b) => a[1] - b[1]);
    for (const [index, [stage, at]] of order.entries()) {
      const next = order[index + 1];
      if (next !== undefined) lasted.set(stage, [...(lasted.get(stage) ?? []), (next[1] - at) / 1000]);
    }
  }
  return [...lasted].map(([stage, values]) => ({
    name: `stage ${stage}`,
    value: median(values),
    unit: 's',
    note: `until the next one; ${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)} over ${values.length} boots`,
  }));
}

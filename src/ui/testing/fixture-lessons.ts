import type { Action, Block, Lesson, Step } from '../../steps/lesson.js';

const file = 'lessons/01-up-the-sandbox.md';
const position = { file, line: 1, column: 1 };

function action(id: string, executor: Action['executor'], source: string, more: Partial<Action> = {}): Action {
  return {
    id,
    executor,
    source,
    check: false,
    hidden: false,
    background: false,
    retry: 0,
    only: [],
    position,
    ...more,
  };
}

function step(id: string, title: string, parts: (string | Action)[], more: Partial<Step> = {}): Step {
  const blocks: Block[] = parts.map((part) =>
    typeof part === 'string' ? { kind: 'prose', markdown: part } : { kind: 'action', action: part },
  );
  const actions = parts.filter((part): part is Action => typeof part !== 'string');
  return { id, title, blocks, actions, notes: [], hints: [], position, ...more };
}

const on = 'core-provisioner';

const sandbox: Lesson = {
  id: 'sandbox',
  title: 'Up the sandbox environment',
  summary: 'Start the provisioner, look inside, and turn it into the gateway of a private network.',
  duration: 20,
  requires: [],
  intro:
    'Bare metal is a computer with nothing on it: no operating system, no installer, nobody to press keys. In this workshop four\nvirtual machines play that part. One of them, the **provisioner**, comes with an operating system.',
  file,
  trusted: true,
  steps: [
    step(
      'overview',
      'An overview of the machines',
      [
        'This is what `lab.yaml` declares. Only the provisioner has a way out; the nodes see nothing but the private network.\n\n```text\n   your computer\n         │  NAT: ssh in, internet out\n ┌───────┴──────────┐\n │ core-provisioner │  gateway\n └───────┬──────────┘\n   192.168.2.0/24\n```\n\nNone of it exists yet. Ask for the state of the four machines:',
        action('status', 'lab', 'status\n'),
        'Each line names a machine, its state and the hypervisor that would run it.',
      ],
      {
        notes: ['The 2016 version of this demo showed `vagrant status` here; the table is the same on purpose.'],
        hints: ['If machines are listed as running, an earlier session left them on. That is fine.'],
      },
    ),
    step('image', 'Get the operating system', [
      'A container host wants a small operating system: a read-only `/usr`, two copies of it to update safely.',
      action('image', 'lab', 'image fetch\n'),
      '> On a computer without hardware virtualisation or without a network, the **Lab OS** stands in for Flatcar.',
    ]),
    step(
      'up',
      'Up the provisioner',
      [
        'One word does four things: create the machine, write its first-boot configuration, power it on, wait until SSH answers.',
        action('up', 'lab', 'up core-provisioner\n', { timeout: 300_000 }),
        'Watch the **console** while you wait:\n\n1. **Firmware** (POST) looks for something to boot and finds the disk.\n2. **GRUB** loads the **kernel** and its **initial RAM disk**.\n3. **Ignition** reads the configuration: users, keys, the host name and the network, on the first boot only.',
        action(
          'is-up',
          'bats',
          '@test "the host name came from Ignition" {\n  true\n}\n\n@test "the private address came from Ignition" {\n  true\n}\n\n@test "/usr is read-only" {\n  ! touch /usr/probe\n}\n',
          { on, check: true },
        ),
      ],
      {
        notes: ['This is the first wait of the talk. Fill it with the lines above.'],
        hints: ['Press `tab` to reach the console pane and `z` to make it fill the screen.'],
      },
    ),
    step('bats', 'Install bats', [
      'Provisioning is code, so it gets tests.',
      action('install', 'bash', 'provision/gateway/install-bats\n', { on }),
    ]),
    step('gateway', 'Turn it into a gateway', [
      'The nodes will have one cable, into the private network.',
      action('forwarding', 'bash', 'sudo provision/gateway/ip-forwarding\n', { on }),
      action('masquerade', 'bash', 'sudo provision/gateway/masquerade "$PRIVATE_CIDR"\n', { on }),
      action('gateway', 'bats', '@test "the kernel forwards packets" {\n  true\n}\n', { on, check: true }),
    ]),
    step('recap', 'What each command was', [
      'Nothing here is particular to this lab. In plain tools:\n\n| here | in plain tools |\n| --- | --- |\n| `lab status` | one `query-status` to each machine, or `VBoxManage list` |\n| `lab up` | `qemu-img create`, `qemu-system-x86_64`, then `ssh` until it answers |\n| first boot | Ignition reads JSON: users, keys, files, units |',
    ]),
  ],
};

const outline = (id: string, title: string, summary: string, steps: number): Lesson => ({
  id,
  title,
  summary,
  duration: 25,
  requires: ['sandbox'],
  intro: '',
  file: `lessons/${id}.md`,
  trusted: true,
  steps: Array.from({ length: steps }, (_, n) => step(`s${n + 1}`, `Step ${n + 1}`, ['To be written.'])),
});

/** A lesson with prose, pictures, tables and every kind of action, and two short ones. */
export const fixtureLessons: Lesson[] = [
  sandbox,
  outline('mayu', 'Cluster bootstrapping with Mayu', 'Boot the nodes over the network and install them.', 9),
  outline('update', 'Update engine', 'Update the cluster, one machine at a time.', 6),
];

import { access, constants, statfs } from 'node:fs/promises';
import { imageDefinition } from '../images/image-definition.js';
import type { DoctorItem } from '../lab.js';
import { availableMiB } from '../memory.js';
import { TITLES } from '../providers/choose.js';
import type { ProviderReport } from '../providers/provider.js';
import type { LabParts } from './parts.js';

const GIB = 2 ** 30;
const SHOWN_AS_ACCELERATION: ReadonlySet<string> = new Set(['NO_ACCELERATION', 'ACCELERATOR_UNPROVEN']);

/** Looks at everything that the lab needs of this computer. Changes nothing; `fix` does, where a remedy can be run. */
export async function examine(
  parts: LabParts,
  repair: { image(): Promise<void>; network(): Promise<void>; networkIsDown(): Promise<boolean> },
): Promise<DoctorItem[]> {
  const items = await Promise.all([
    node(),
    hypervisor(parts),
    memory(parts),
    disk(parts),
    image(parts, repair.image),
    state(parts),
    programs(parts),
    privateNetwork(repair),
    terminal(),
  ]);
  return items.flat();
}

function node(): DoctorItem {
  return { id: 'node', title: 'Node.js', status: 'ok', detail: process.versions.node, remedy: [] };
}

/** The hypervisor that is used, and VirtualBox where something keeps it from being used. */
async function hypervisor({ provider, choice }: LabParts): Promise<DoctorItem[]> {
  const report = await provider.probe({ fresh: true });
  const title = TITLES[provider.name];
  const notes: DoctorItem[] = [
    ...(choice.rejected === undefined ? [] : [choice.rejected]),
    ...report.problems.filter(({ code }) => report.usable && !SHOWN_AS_ACCELERATION.has(code)),
  ].map(({ code, message, remedy }) => ({
    id: code.toLowerCase().replaceAll('_', '-'),
    title: TITLES.virtualbox,
    status: 'warning',
    detail: message,
    remedy,
  }));
  return [...(await looked(report, title, choice.why)), ...notes];
}

async function looked(report: ProviderReport, title: string, why: string): Promise<DoctorItem[]> {
  if (!report.usable) {
    const problem = report.problems[0];
    return [
      {
        id: 'hypervisor',
        title,
        status: 'failed',
        detail: problem?.message ?? 'cannot be used',
        remedy: problem?.remedy ?? ['Run: coreos-lab setup'],
      },
    ];
  }
  const emulated = report.slowness > 1;
  const detail = emulated
    ? 'none that works: machines are emulated, which is about ten times slower and still fine for the lessons'
    : `${report.accelerator}: machines run at full speed`;
  return [
    {
      id: 'hypervisor',
      title,
      status: 'ok',
      detail: `version ${report.version ?? 'unknown'}${report.detail === undefined ? '' : ` (${report.detail})`}, taken since ${why}`,
      remedy: [],
    },
    {
      id: 'accelerator',
      title: 'Hardware acceleration',
      status: emulated ? 'warning' : 'ok',
      detail,
      remedy: emulated
        ? ['Switch on VT-x or AMD-V in the firmware, and on Linux let your user open /dev/kvm (group kvm).']
        : [],
    },
  ];
}

function memory({ config }: LabParts): DoctorItem {
  const needed = config.machines.reduce((sum, machine) => sum + machine.memory + 200, 0);
  const available = availableMiB();
  const enough = available >= needed;
  return {
    id: 'memory',
    title: 'Memory',
    status: enough ? 'ok' : 'warning',
    detail: `${available} MiB available, ${needed} MiB for all machines together`,
    remedy: enough ? [] : ['Close other programs, or give the machines less memory in lab.yaml.'],
  };
}

async function disk({ paths }: LabParts): Promise<DoctorItem> {
  const base = { id: 'disk', title: 'Disk space' };
  try {
    const { bavail, bsize } = await statfs(paths.cacheDirectory);
    const free = (bavail * bsize) / GIB;
    const enough = free >= 6;
    return {
      ...base,
      status: enough ? 'ok' : 'warning',
      detail: `${free.toFixed(1)} GiB free in ${paths.cacheDirectory}`,
      remedy: enough ? [] : ['The image needs 4 GiB while it is built, machines grow to about 1 GiB each: make room.'],
    };
  } catch (error) {
    return {
      ...base,
      status: 'failed',
      detail: `${paths.cacheDirectory} cannot be looked at (${codeOf(error)})`,
      remedy: ['Set XDG_CACHE_HOME to a directory that can be written.'],
    };
  }
}

async function image({ config, images }: LabParts, build: () => Promise<void>): Promise<DoctorItem> {
  const { name, version } = config.image;
  const found = await images.find(name, version);
  if (found !== undefined) {
    return {
      id: 'image',
      title: 'Operating system',
      status: 'ok',
      detail: `${name} ${version} in ${found.directory}`,
      remedy: [],
    };
  }
  return {
    id: 'image',
    title: 'Operating system',
    status: 'failed',
    detail: `${name} ${version} is not in the cache`,
    remedy: imageDefinition(name).remedy,
    fix: build,
  };
}

async function state({ paths }: LabParts): Promise<DoctorItem> {
  const base = { id: 'state', title: 'State directory' };
  try {
    await access(paths.labDirectory, constants.W_OK);
    return { ...base, status: 'ok', detail: paths.labDirectory, remedy: [] };
  } catch (error) {
    return {
      ...base,
      status: 'failed',
      detail: `${paths.labDirectory} cannot be written (${codeOf(error)})`,
      remedy: ['Make it writable, or set XDG_STATE_HOME to a directory that is.'],
    };
  }
}

async function programs({ exec }: LabParts): Promise<DoctorItem[]> {
  const look = async (id: string, title: string, without: string, remedy: string): Promise<DoctorItem> => {
    const path = await exec.which(id);
    if (path !== undefined) return { id, title, status: 'ok', detail: path, remedy: [] };
    return { id, title, status: 'warning', detail: `not found: ${without}`, remedy: [remedy] };
  };
  return Promise.all([
    look(
      'ssh',
      'ssh client',
      'shells (s, coreos-lab ssh) will not open',
      'Install it: sudo apt-get install openssh-client',
    ),
    look('rsync', 'rsync', 'files are copied by sftp instead', 'Install it: sudo apt-get install rsync'),
    look(
      'go',
      'Go',
      'the container image of Mayu, for lesson 2, cannot be built here',
      'Install it: sudo apt-get install --no-install-recommends golang-go',
    ),
  ]);
}

async function privateNetwork(repair: {
  network(): Promise<void>;
  networkIsDown(): Promise<boolean>;
}): Promise<DoctorItem> {
  const down = await repair.networkIsDown();
  return {
    id: 'network',
    title: 'Private network',
    status: down ? 'failed' : 'ok',
    detail: down ? 'machines run, and the switch between them does not' : 'as it should be',
    remedy: down ? ['Start it again: coreos-lab up'] : [],
    ...(down ? { fix: repair.network } : {}),
  };
}

function terminal(): DoctorItem {
  const { LC_ALL, LC_CTYPE, LANG, TERM = 'unknown' } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG || 'C';
  const utf8 = /utf-?8/i.test(locale) || process.platform === 'win32' || process.platform === 'darwin';
  const { columns = 0, rows = 0, isTTY } = process.stdout;
  const small = isTTY && (columns < 80 || rows < 24);
  const remedy = [
    ...(utf8 ? [] : ['Set a UTF-8 locale for nicer characters: export LANG=C.UTF-8']),
    ...(small ? ['Make the window at least 80 columns by 24 rows.'] : []),
  ];
  const size = isTTY ? `${columns}×${rows}` : 'not a terminal';
  return {
    id: 'terminal',
    title: 'Terminal',
    status: remedy.length === 0 ? 'ok' : 'warning',
    detail: `${size}, ${TERM}, locale ${locale}`,
    remedy,
  };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

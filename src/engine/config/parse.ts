import { type Document, isMap, isNode, isPair, LineCounter, type Node, parseDocument } from 'yaml';
import { didYouMean } from '../did-you-mean.js';
import { LabError } from '../errors.js';
import { imageDefinition } from '../images/image-definition.js';
import { type ConfigFault, checkConfig } from './check.js';
import { defaultLabConfig, defaultSerial } from './defaults.js';
import type { LabConfig, MachineConfig } from './lab-config.js';
import { type LabFile, labSchema, type MachineFile, v } from './schema.js';

/** Parses and checks a lab.yaml. Throws LabError CONFIG_INVALID listing all faults as `file:line:column path: what is wrong`. */
export function parseLabConfig(text: string, file: string): LabConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return `${file}:${line}:${col} is not YAML here: ${error.message}`;
    });
    throw invalid(file, faults);
  }
  const at = ({ path, message }: ConfigFault) => {
    const { line, col } = lines.linePos(offsetOf(document, path));
    return { line, col, text: `${file}:${line}:${col} ${pathText(path)} ${message}` };
  };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 50 }) ?? {};
  } catch (error) {
    throw invalid(file, [`${file}:1:1 cannot be expanded: ${error instanceof Error ? error.message : String(error)}`]);
  }
  if (document.contents !== null && !isMap(document.contents)) {
    throw invalid(file, [`${file}:1:1 lab.yaml must be a group of keys, such as "name: default"`]);
  }
  const result = v.safeParse(labSchema, value);
  const faults = (result.issues ?? []).map(shapeFault);
  const config = complete(result.success ? result.output : salvage(value, faults));
  faults.push(...checkConfig(config).filter((fault) => !faults.some((known) => covers(known, fault))));
  if (faults.length === 0) return config;
  const placed = faults.map(at).sort((a, b) => a.line - b.line || a.col - b.col);
  throw invalid(
    file,
    placed.map((fault) => fault.text),
  );
}

type Issue = v.GenericIssue;

function shapeFault(issue: Issue): ConfigFault {
  const path = (issue.path ?? []).map((item) => item.key as string | number);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const key = String(path.at(-1));
    const guess = didYouMean(key, knownKeys(path));
    return { path, message: `is not a key of lab.yaml${guess ? `: did you mean ${guess}?` : ''}` };
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') return { path, message: 'is missing' };
  if (issue.kind === 'schema' && issue.type.endsWith('object')) return { path, message: 'must be a group of keys' };
  return { path, message: `${issue.message}; it is ${shown(issue.input)}` };
}

function knownKeys(path: (string | number)[]): string[] {
  if (path.length === 1)
    return ['name', 'provider', 'virtualbox', 'image', 'network', 'shared', 'mayu', 'updates', 'machines'];
  if (path[0] === 'machines') return ['name', 'role', 'memory', 'cpus', 'disk', 'mac', 'serial', 'ip', 'sshPort'];
  if (path[0] === 'network') return path.length === 2 ? ['cidr', 'gateway', 'bootPool', 'nodePool'] : ['start', 'end'];
  if (path[0] === 'virtualbox') return ['network'];
  if (path[0] === 'updates') return ['server', 'nebraska', 'postgresql'];
  return path[0] === 'image' ? ['name', 'version', 'update', 'mirror'] : ['version'];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Cross-checks run on what is of the right shape, so that all faults come in one go: values with a fault are left out. */
function salvage(value: unknown, faults: ConfigFault[]): LabFile {
  const copy = structuredClone(value);
  for (const { path } of faults) {
    const parent = path.slice(0, -1).reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], copy);
    const key = path.at(-1);
    if (typeof parent !== 'object' || parent === null || key === undefined) continue;
    const stand = standIn(path);
    if (stand === undefined) delete (parent as Record<string, unknown>)[key];
    else (parent as Record<string, unknown>)[key] = stand;
  }
  const result = v.safeParse(labSchema, copy);
  return result.success ? result.output : {};
}

/** A machine must have a name and a MAC: one that has a fault there takes part in the other checks under a stand-in. */
function standIn([list, index, key]: (string | number)[]): string | undefined {
  if (list !== 'machines') return undefined;
  if (key === 'name') return `machine-${index}`;
  if (key === 'mac') return `02:00:00:00:00:${Number(index).toString(16).padStart(2, '0').slice(-2)}`;
  return undefined;
}

function complete(file: LabFile): LabConfig {
  const base = defaultLabConfig(file.image?.name);
  const network = { ...base.network, ...defined(file.network) } as LabConfig['network'];
  const parts = {
    ...defined({ name: file.name, provider: file.provider, shared: file.shared }),
    virtualbox: { ...base.virtualbox, ...defined(file.virtualbox) },
    image: { ...base.image, ...defined(file.image) },
    network,
    mayu: { ...base.mayu, ...defined(file.mayu) },
    updates: { ...base.updates, ...defined(file.updates) },
    machines: file.machines?.map((machine) => completeMachine(machine, base, network.gateway)) ?? base.machines,
  };
  return { ...base, ...parts } as LabConfig;
}

function completeMachine(machine: MachineFile, { image }: LabConfig, gateway: string): MachineConfig {
  const own = defined(machine);
  const base = { ...imageDefinition(image.name).machines[machine.role], serial: defaultSerial(machine.mac) };
  if (machine.role === 'provisioner') return { ...base, ip: gateway, sshPort: 0, ...own } as MachineConfig;
  return { ...base, ...own } as MachineConfig;
}

function defined<T extends object>(value: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, part]) => part !== undefined)) as Partial<T>;
}

function covers(known: ConfigFault, fault: ConfigFault): boolean {
  return known.path.join('/') === fault.path.join('/');
}

function pathText(path: (string | number)[]): string {
  return (
    path.reduce<string>(
      (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${key}` : key),
      '',
    ) || 'lab.yaml'
  );
}

/** Where a path begins in the text: its key if it has one, else the nearest thing around it. */
function offsetOf(document: Document, path: (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isPair(item) && String((item.key as Node & { value?: unknown })?.value) === key,
      );
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function invalid(file: string, faults: string[]): LabError {
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  return new LabError({
    code: 'CONFIG_INVALID',
    message: `${file} has ${count}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    remedy: [`Correct ${file}, then run the command again. docs/lab-yaml.md describes each key.`],
    exitCode: 2,
  });
}

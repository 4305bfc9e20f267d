import type { Command } from 'commander';
import { mayuTable } from '../../engine/cluster/mayu-table.js';
import { withLab } from '../context.js';
import { print, printJson } from '../output.js';

interface Options {
  fields?: string;
  legend: boolean;
  json?: boolean;
}

export async function run({ fields, legend, json }: Options, command: Command): Promise<void> {
  await withLab(command, {}, async ({ lab, signal }) => {
    const hosts = await lab.mayuHosts({ signal });
    if (json) printJson(hosts);
    else print(mayuTable(hosts, { legend, ...(fields === undefined ? {} : { fields }) }));
  });
}

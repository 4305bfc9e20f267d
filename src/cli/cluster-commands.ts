import type { Command } from 'commander';
import { lazy } from './lazy.js';

/** What is about the nodes as a cluster: Mayu, etcd, updates. */
export function addMayuCommands(program: Command): void {
  program
    .command('cluster')
    .description("Mayu's hosts and the etcd members of the nodes: states, health, leader, quorum")
    .option('--json', 'as JSON')
    .action(lazy(() => import('./commands/cluster.js')));
  const mayu = program
    .command('mayu')
    .description('make Mayu ready, and see what it knows of the nodes as mayuctl did');
  mayu
    .command('list', { isDefault: true })
    .description('the machines that booted from Mayu, in the columns that mayuctl had')
    .option('--fields <names>', 'other columns, separated by commas')
    .option('--no-legend', 'without the names of the columns')
    .option('--json', 'as JSON')
    .addHelpText('after', MAYU_LIST)
    .action(lazy(() => import('./commands/mayu-list.js')));
  mayu
    .command('status [machine]')
    .description('all that Mayu keeps of a machine, named as in the lab or by its serial')
    .option('--json', 'as JSON')
    .action(lazy(() => import('./commands/mayu-status.js')));
  mayu
    .command('fetch [source]')
    .description('bring its container image to the provisioner: from the cache, built, or a file or URL')
    .option('--sha256 <checksum>', 'of the file or URL, 64 hexadecimal digits')
    .action(lazy(() => import('./commands/mayu-fetch.js')));
  mayu
    .command('hosts')
    .description('give it host name and host keys of every node')
    .action(lazy(() => import('./commands/mayu-hosts.js')));
}

export function addUpdateCommands(program: Command): void {
  const updates = program
    .command('updates')
    .description('updates of the nodes: make the provisioner ready for them, and see how far they are');
  updates
    .command('status', { isDefault: true })
    .description('update server and rollout, reboot lock, and of each node version, slots and engine')
    .option('--json', 'as JSON')
    .action(lazy(() => import('./commands/updates.js')));
  updates
    .command('fetch [source]')
    .description("bring the update server's container image: from the cache, built, or a file or URL")
    .option('--sha256 <checksum>', 'of the file or URL, 64 hexadecimal digits')
    .action(lazy(() => import('./commands/updates-fetch.js')));
  updates
    .command('send')
    .description('copy the updates to the provisioner, and verify them there')
    .action(lazy(() => import('./commands/updates-send.js')));
}

const MAYU_LIST = `
Columns: coreos, docker, etcd, etcdtoken, fleet, ip, ipmiaddr, lastboot, machine, machineid, metadata, profile,
providerid, serial, state, yochu. Mayu 1.3 keeps no metadata and no versions but that of the operating system (coreos):
those columns are empty, as "-". "machine", the name in the lab, is the lab's own. Times are UTC.

Examples:
  coreos-lab mayu list
  coreos-lab mayu list --fields machine,ip,state --no-legend`;

import { Command, CommanderError, Option } from 'commander';
import { addMayuCommands, addUpdateCommands } from './cluster-commands.js';
import { lazy } from './lazy.js';
import { packageVersion } from './package-root.js';

/** The whole command line: names, options and help. What a command does is in commands/. */
export function createProgram(): Command {
  const program = new Command('coreos-lab')
    .description(
      'An interactive workshop on provisioning CoreOS on bare metal.\nWithout a command it opens its screen.',
    )
    .version(packageVersion(), '-V, --version')
    .option('--lab <file>', 'use this lab file instead of ./lab.yaml')
    .addOption(
      new Option('--provider <name>', 'the hypervisor of a lab that has no machines yet').choices([
        'auto',
        'qemu',
        'virtualbox',
      ]),
    )
    .option('--debug', 'show stack traces of errors')
    .option('--no-color', 'no colours')
    .option('--inline', 'do not use the alternate screen')
    .option('--accessible', 'lines only: for screen readers and very small terminals')
    .option('--lessons <path>', 'lessons of your own, a file or a folder; may be given again', collect, [])
    .option('-y, --yes', 'answer questions of the set-up with yes')
    .allowExcessArguments()
    .helpCommand(true)
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .action(lazy(() => import('./commands/screen.js')));

  addLessonCommands(program);
  addMachineCommands(program);
  addAccessCommands(program);
  addMayuCommands(program);
  addUpdateCommands(program);
  addSetupCommands(program);
  return program;
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function addLessonCommands(program: Command): void {
  program
    .command('run [steps...]')
    .description('run lessons without the screen: LESSON, LESSON#STEP, or --all')
    .option('--all', 'every lesson, in order')
    .option('--from', 'go on from the given step to the end of its lesson')
    .option('--json', 'print the events, one JSON object a line')
    .option('--junit <file>', 'write a JUnit report')
    .option('--trust', 'let lessons from outside the package run commands on this computer')
    .addHelpText(
      'after',
      '\nExamples:\n  coreos-lab run sandbox\n  coreos-lab run sandbox#gateway --from\n  coreos-lab run --all --junit report.xml',
    )
    .action(lazy(() => import('./commands/run.js')));

  const lessons = program.command('lessons').description('list, show and check lessons');
  lessons
    .command('list', { isDefault: true })
    .description('lessons with their progress')
    .option('--json', 'as JSON')
    .action(lazy(() => import('./commands/lessons-list.js')));
  lessons
    .command('show <lesson>')
    .description('print a lesson')
    .action(lazy(() => import('./commands/lessons-show.js')));
  lessons
    .command('lint [files...]')
    .description('report every fault of lesson files with its place and what to write')
    .option('--json', 'as JSON')
    .action(lazy(() => import('./commands/lessons-lint.js')));
}

function addMachineCommands(program: Command): void {
  const power = [
    ['up', 'create and start machines, and wait until they answer'],
    ['halt', 'shut machines down'],
    ['reload', 'shut down and start again'],
    ['reset', 'press the reset button'],
    ['destroy', 'remove machines and their disks'],
  ] as const;
  for (const [name, description] of power) {
    const command = program.command(`${name} [machines...]`).description(`${description} (all when none is named)`);
    if (name === 'halt') command.option('-f, --force', 'cut the power');
    if (name === 'destroy') command.option('-y, --yes', 'do not ask');
    command.action(lazy(() => import('./commands/power.js')));
  }
  program
    .command('add [machine]')
    .description('one more node, which lab.yaml does not declare: the next free name, MAC and serial')
    .action(lazy(() => import('./commands/roster.js')));
  program
    .command('remove <machine>')
    .description('destroy a machine that was added and forget it, at Mayu too')
    .option('-y, --yes', 'do not ask')
    .action(lazy(() => import('./commands/roster.js')));
  program
    .command('status')
    .description('the state of the machines')
    .option('--json', 'as JSON')
    .action(lazy(() => import('./commands/status.js')));
  program
    .command('sync [machines...]')
    .description('copy the provisioning scripts and the shared folder to the provisioner')
    .action(lazy(() => import('./commands/power.js')));
  const snapshot = program.command('snapshot').description('savepoints: memory and disks of all machines');
  snapshot
    .command('list', { isDefault: true })
    .description('savepoints')
    .option('--json', 'as JSON')
    .action(lazy(() => import('./commands/snapshot.js')));
  for (const [name, description] of [
    ['save', 'save the state of all machines'],
    ['restore', 'go back to a savepoint'],
    ['discard', 'remove a savepoint'],
  ] as const) {
    snapshot
      .command(`${name} <name>`)
      .description(description)
      .action(lazy(() => import('./commands/snapshot.js')));
  }
}

function addAccessCommands(program: Command): void {
  program
    .command('ssh [machine] [command...]')
    .description('a shell on a machine (the provisioner when none is named)')
    .action(lazy(() => import('./commands/ssh.js')));
  program
    .command('exec <machine> [command...]')
    .description('run a command on a machine; its exit code is that of exec')
    .addHelpText('after', '\nExample:\n  coreos-lab exec core-provisioner -- systemctl status sshd')
    .action(lazy(() => import('./commands/exec.js')));
  program
    .command('ssh-config')
    .description('a block for ~/.ssh/config, so that plain ssh, scp and rsync reach the machines')
    .action(lazy(() => import('./commands/ssh-config.js')));
  program
    .command('console <machine>')
    .description('the serial console; Ctrl+] leaves it')
    .option('--log', 'print what it has shown so far instead')
    .action(lazy(() => import('./commands/console.js')));
  program
    .command('logs [machine]')
    .description('console logs of machines, or of one')
    .option('-f, --follow', 'go on printing')
    .action(lazy(() => import('./commands/logs.js')));
  program
    .command('wire')
    .description('what went over the private network, in plain words')
    .option('-f, --follow', 'go on printing')
    .option('-m, --machine <name>', 'only what this machine takes part in; may be given again', collect, [])
    .option('-p, --protocol <names>', 'only these, separated by commas: dhcp, http, ignition …', collect, [])
    .option('--filter <text>', 'only lines with this text')
    .option('--sequence', 'each machine by itself: what it sent and got, in order')
    .option('--hex', 'with the bytes of the frames')
    .option('--json', 'one JSON object a line')
    .option('--read <file>', 'a saved capture instead of that of the lab')
    .option('--pcap <file>', 'write the frames to a capture for Wireshark')
    .addHelpText(
      'after',
      '\nExamples:\n  coreos-lab wire -f --protocol dhcp,http\n  coreos-lab wire --sequence --machine core-01\n  coreos-lab wire --machine core-01 --pcap core-01.pcap',
    )
    .action(lazy(() => import('./commands/wire.js')));
  program
    .command('screenshot <machine> <file>')
    .description('save the graphics screen of a machine as PNG')
    .action(lazy(() => import('./commands/screenshot.js')));
}

function addSetupCommands(program: Command): void {
  program
    .command('setup')
    .description('install what the lab needs and build the operating system')
    .option('-y, --yes', 'do not ask')
    .action(lazy(() => import('./commands/setup.js')));
  program
    .command('doctor')
    .description('look at everything the lab needs, and say what to do')
    .option('--fix', 'do what can be done')
    .option('--json', 'as JSON')
    .action(lazy(() => import('./commands/doctor.js')));
  const image = program.command('image').description('operating systems in the cache');
  image
    .command('list', { isDefault: true })
    .description('images in the cache')
    .option('--json', 'as JSON')
    .action(lazy(() => import('./commands/image-list.js')));
  image
    .command('build')
    .description('build the Lab OS')
    .action(lazy(() => import('./commands/image-build.js')));
  image
    .command('fetch [source]')
    .description('fetch and verify the releases that the lab needs, or take a packed image')
    .option('--sha256 <checksum>', 'of a packed image, 64 hexadecimal digits')
    .option('--all', 'all that lessons may want of it, on any hypervisor: before a flight')
    .option('--mirror <source>', 'URL or directory to take releases from')
    .option('--renew', 'ask the channel for its newest version, and keep to that one')
    .addHelpText('after', IMAGE_FETCH)
    .action(lazy(() => import('./commands/image-fetch.js')));
  image
    .command('send')
    .description('copy the files for network boot to the provisioner, and verify them there')
    .action(lazy(() => import('./commands/image-send.js')));
  image
    .command('remove <version>')
    .description('remove an image from the cache')
    .action(lazy(() => import('./commands/image-remove.js')));
  program
    .command('completion <shell>')
    .description('print a completion script for bash, zsh or fish')
    .addHelpText('after', '\nExample:\n  source <(coreos-lab completion bash)')
    .action(lazy(() => import('./commands/completion.js')));
}

const IMAGE_FETCH = `
A mirror has the folders of the release servers: CHANNEL/amd64-usr/VERSION/ and update/amd64-usr/VERSION/. docs/images.md says more.

Examples:
  coreos-lab image fetch --all
  coreos-lab image fetch --mirror /media/usb/flatcar
  coreos-lab image fetch labos.tar.zst --sha256 CHECKSUM`;

const EXAMPLES = `
Examples:
  coreos-lab                      open the workshop
  coreos-lab run sandbox          run lesson 1 without the screen
  coreos-lab status               the state of the machines
  coreos-lab ssh                  a shell on the provisioner
  coreos-lab destroy --yes        remove all machines

Exit codes: 0 done, 1 something failed, 2 usage or environment, 130 interrupted.`;

/** Usage errors of commander end with 2; help and version are no errors. */
export function usageExitCode(error: CommanderError): number {
  return error.exitCode === 0 ? 0 : 2;
}

export { CommanderError };

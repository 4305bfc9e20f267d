import { join } from 'node:path';
import { LabError } from '../engine/errors.js';
import { quoteCommand } from '../engine/exec-quote.js';
import { imageDefinition } from '../engine/images/image-definition.js';
import { UPDATE_SERVER_VERSION } from '../engine/lab/update-server.js';
import { requireUsable } from '../engine/providers/require-usable.js';
import { confirm } from './ask.js';
import type { Context } from './context.js';
import { packageRoot } from './package-root.js';

/** dpkg-query's own variables, one package a line. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query replaces them
const FORMAT = '${Package} ${db:Status-Status}\\n';

/** What running machines takes; what is built on the host has lists of its own. VirtualBox is there already where it was chosen. */
const RUN_PACKAGES = {
  qemu: ['qemu-system-x86', 'qemu-utils', 'ipxe-qemu', 'seabios', 'openssh-client', 'rsync'],
  // qemu-utils: VirtualBox does not read the Lab OS's disk as it is.
  virtualbox: ['qemu-utils', 'openssh-client', 'rsync'],
};
const RUN_PROGRAMS = { qemu: ['qemu-system-x86_64', 'qemu-img'], virtualbox: ['qemu-img'] };

/** Scripts that list what building takes. */
const IMAGE_LIST = 'provision/labos/host-packages';
const MAYU_LIST = 'provision/mayu/image/host-packages';
const UPDATE_SERVER_LIST = 'provision/update/image/host-packages';

/** Is anything missing without which no machine can start? Cheap: asked at every start of the screen. */
export async function needsSetUp({
  exec,
  images,
  config,
  provider,
}: Pick<Context, 'exec' | 'images' | 'config' | 'provider'>): Promise<boolean> {
  for (const program of RUN_PROGRAMS[provider.name]) if ((await exec.which(program)) === undefined) return true;
  return (await images.find(config.image.name, config.image.version)) === undefined;
}

/** Installs the packages that are missing, then makes or fetches the image. Asks before it changes the system, unless `yes`. */
export async function setUp(context: Context, options: { yes: boolean }): Promise<void> {
  const { lab, exec, images, containers, config, provider, signal } = context;
  const needsImage = (await images.find(config.image.name, config.image.version)) === undefined;
  const definition = imageDefinition(config.image.name);
  // Container images are built when lessons 2 and 3 want them; what that takes is installed with the rest.
  const needsMayu = (await containers.mayu.find(config.mayu.version)) === undefined;
  const needsServer =
    config.updates.server === 'stand-in' &&
    (await containers['update-server'].find(UPDATE_SERVER_VERSION)) === undefined;
  const missing = await missingPackages(context, [
    ...(needsImage && definition.release === undefined ? [IMAGE_LIST] : []),
    ...(needsMayu ? [MAYU_LIST] : []),
    ...(needsServer ? [UPDATE_SERVER_LIST] : []),
  ]);
  if (missing.length > 0) {
    const [program = 'apt-get', ...args] = await aptCommand(context, missing);
    const line = quoteCommand(program, args);
    process.stderr.write(
      `These packages are needed and missing: ${missing.join(' ')}\nThis command installs them: ${line}\n`,
    );
    if (!(await confirm('Run it now?', { yes: options.yes, preset: true }))) throw declined(line);
    const update = await exec.interactive(program, [...args.slice(0, args.indexOf('install')), 'update', '-q']);
    const code = update === 0 ? await exec.interactive(program, args) : update;
    if (code !== 0) {
      throw new LabError({
        code: 'PACKAGES_FAILED',
        message: `The packages could not be installed: apt-get ended with exit code ${code}.`,
        remedy: [`Read what it printed above, then run it by hand: ${line}`, 'Then run coreos-lab setup again.'],
      });
    }
  }
  // What is installed may still be of no use, such as a QEMU that is too old: told before two minutes of building.
  requireUsable(await provider.probe({ signal }));
  if (needsImage && !options.yes && process.stdin.isTTY) {
    const go = await confirm(definition.question, { preset: true });
    if (!go) throw declined(definition.command);
  }
  await lab.ensureImage({ signal });
  // With the image an accelerator can be proven, which the first start of a machine is then spared.
  await provider.probe({ signal });
}

/** Debian's names of what is not installed. Throws LabError HOST_PACKAGES (exit code 2) where there is no dpkg to ask. */
async function missingPackages({ exec, provider }: Context, lists: readonly string[]): Promise<string[]> {
  const missing = [...RUN_PACKAGES[provider.name]];
  for (const list of lists) {
    const { stdout } = await exec.run(join(packageRoot(), list), [], { quiet: true });
    missing.push(...stdout.split('\n').filter((name) => name !== ''));
  }
  const wanted = [...new Set(missing)];
  if ((await exec.which('dpkg-query')) === undefined) return withoutDpkg(exec, RUN_PROGRAMS[provider.name]);
  const { stdout } = await exec.run('dpkg-query', ['-W', '-f', FORMAT, ...wanted], {
    quiet: true,
  });
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return wanted.filter((name) => !installed.has(name));
}

async function withoutDpkg(exec: Context['exec'], programs: readonly string[]): Promise<string[]> {
  const found = await Promise.all(programs.map((program) => exec.which(program)));
  if (found.every((path) => path !== undefined)) return [];
  throw new LabError({
    code: 'HOST_PACKAGES',
    message: 'QEMU is not installed, and this system has no apt-get for coreos-lab to install it with.',
    remedy: [
      'Install QEMU 7.2 or newer with your own package manager (dnf install qemu-system-x86, brew install qemu, …).',
      'Then take an image that was built on Debian or Ubuntu: coreos-lab image fetch URL-OR-FILE --sha256 CHECKSUM',
    ],
    exitCode: 2,
  });
}

async function aptCommand({ exec }: Context, packages: readonly string[]): Promise<string[]> {
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid?.() === 0) return install;
  if ((await exec.which('sudo')) !== undefined) return ['sudo', ...install];
  throw new LabError({
    code: 'HOST_PACKAGES',
    message: 'Packages are missing, and installing them takes root, which neither you are nor sudo is there to give.',
    remedy: [`As root, run: ${install.join(' ')}`, 'Then run coreos-lab setup again.'],
    exitCode: 2,
  });
}

function declined(line: string): LabError {
  return new LabError({
    code: 'SETUP_DECLINED',
    message: 'The set-up is not complete, so no machine can be started yet.',
    remedy: [`When you are ready: ${line}`, 'Or: coreos-lab setup'],
    exitCode: 2,
  });
}

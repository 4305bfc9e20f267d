import type { MachineConfig } from '../config/lab-config.js';
import type { LabKeys } from '../keys/keys.js';
import type { OperationOptions } from '../lab.js';
import { shellQuote } from '../ssh/quote.js';
import type { SshTarget } from '../ssh/ssh.js';
import { asRoot, scriptFailed } from './as-root.js';
import type { LabParts } from './parts.js';

/** A folder for each machine, named after its serial in small letters, which is how Mayu writes serials. */
export const MAYU_FILES = '/var/lib/mayu/files';

export interface GivenHosts {
  /** Machines whose files were not there, or others. */
  written: string[];
  /** Serials of machines that are declared no longer. */
  removed: string[];
}

/*
 * Each folder is made elsewhere and moved in whole: for every machine that asks, Mayu reads all folders, and answers nothing when one
 * changes under its eyes. Folders without a host key, such as the ones with files for all machines, are none of ours.
 */
const HOSTS = `
mkdir -p -- "\${FOLDER%/*}"
umask 077
aside=$FOLDER.new
rm -rf -- "$aside"
mkdir -p -- "$FOLDER" "$aside"
cd -- "$FOLDER"
give() { # SERIAL NAME HOSTNAME PRIVATE PUBLIC
  mkdir -- "$aside/$1"
  printf %s "$3" > "$aside/$1/hostname"
  printf %s "$4" > "$aside/$1/ssh_host_ed25519_key"
  printf %s "$5" > "$aside/$1/ssh_host_ed25519_key.pub"
  if [ "$(stat -c '%a %u' -- "$1" 2> /dev/null || true)" = "700 $(id -u)" ] && diff -r -- "$aside/$1" "$1" > /dev/null 2>&1; then
    chmod 600 -- "$1"/*
    return
  fi
  sync -- "$aside/$1"/*
  if [ -e "$1" ]; then mv -T -- "$1" "$aside/$1.old"; fi
  mv -T -- "$aside/$1" "$1"
  echo "written $2"
}
GIVE
for folder in *; do
  case " $SERIALS " in *" $folder "*) continue ;; esac
  if [ -e "$folder/ssh_host_ed25519_key" ]; then mv -T -- "$folder" "$aside/$folder.old"; echo "removed $folder"; fi
done
rm -rf -- "$aside"
`;

/** Gives Mayu what makes each node itself, host name and host keys, and removes what is there for machines that are not declared. */
export async function writeMayuHosts(
  { ssh }: Pick<LabParts, 'ssh'>,
  target: SshTarget,
  nodes: readonly MachineConfig[],
  keys: LabKeys,
  { signal, folder = MAYU_FILES }: OperationOptions & { folder?: string } = {},
): Promise<GivenHosts> {
  const gives = nodes.map((node) => {
    const { privateKey, publicKey } = keys.host(node.name);
    const words = [serialOf(node), node.name, `${node.name}\n`, privateKey, `${publicKey}\n`];
    return `give ${words.map(shellQuote).join(' ')}`;
  });
  const result = await asRoot(ssh, target, {
    label: `write ${folder}/{${nodes.map(serialOf).join(',')}}/`,
    script: HOSTS.replace('GIVE', () => gives.join('\n')),
    env: { FOLDER: folder, SERIALS: nodes.map(serialOf).join(' ') },
    signal,
  });
  if (result.exitCode !== 0)
    throw scriptFailed(target, `Writing ${folder}`, result, ['Run it again: coreos-lab mayu hosts']);
  const words = result.stdout.split('\n').map((line) => line.split(' '));
  const of = (what: string) => words.flatMap(([verb, name]) => (verb === what && name !== undefined ? [name] : []));
  return { written: of('written'), removed: of('removed') };
}

function serialOf({ serial }: MachineConfig): string {
  return serial.toLowerCase();
}

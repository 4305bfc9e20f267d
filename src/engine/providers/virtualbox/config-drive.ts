import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';

/** First line of a file that VirtualBox makes a CD of; the identifier may be any. */
const MARKER = '--iprt-iso-maker-file-marker-bourne-sh';

/**
 * Text of a .viso: VirtualBox makes up a CD from it when the machine reads it. The CD is a config drive, as OpenStack has it:
 * label config-2, the Ignition config in openstack/latest/user_data.
 */
export function configDrive(ignitionFile: string): string {
  const hex = createHash('sha256').update(ignitionFile).digest('hex');
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return `${MARKER} ${id}\n--volume-id=config-2\n${quote(`/openstack/latest/user_data=${ignitionFile}`)}\n`;
}

export async function writeConfigDrive(file: string, ignitionFile: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, configDrive(ignitionFile), { mode: 0o600 });
  await rename(temporary, file);
}

/** VirtualBox splits the file into words as a Bourne shell does. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

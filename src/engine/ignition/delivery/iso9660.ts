/** A folder's name, or a file's contents. */
export interface IsoFolder {
  [name: string]: IsoFolder | Buffer;
}

const SECTOR = 2048;
const FIRST_DESCRIPTOR = 16;
/** Fixed, so that the same contents are the same image: 2000-01-01 00:00 UTC. */
const DATE = [100, 1, 1, 0, 0, 0, 0];
const ROOT = '\0';
const PARENT = '\u0001';

interface Placed {
  name: string;
  sector: number;
  bytes: number;
  content?: Buffer;
  children: Placed[];
  parent?: Placed;
}

/**
 * An ISO 9660 image (interchange level 2, without extensions) of a few small folders. Names are letters, digits and underscores; the image has them in
 * capitals, as the standard wants it, and Linux shows them in small letters.
 */
export function isoImage(label: string, root: IsoFolder): Buffer {
  const tree = toTree(ROOT, root);
  const folders = [tree];
  // Grows as it is walked: breadth first, as the path table has to be.
  for (const folder of folders) folders.push(...folder.children.filter(({ content }) => content === undefined));
  const files = folders.flatMap(({ children }) => children.filter(({ content }) => content !== undefined));
  let next = FIRST_DESCRIPTOR + 4;
  for (const each of [...folders, ...files]) {
    each.sector = next;
    next += Math.max(1, Math.ceil(each.bytes / SECTOR));
  }
  const image = Buffer.alloc(next * SECTOR);
  const little = pathTable(folders, false);
  little.copy(image, (FIRST_DESCRIPTOR + 2) * SECTOR);
  pathTable(folders, true).copy(image, (FIRST_DESCRIPTOR + 3) * SECTOR);
  descriptor(label, next, little.length, tree).copy(image, FIRST_DESCRIPTOR * SECTOR);
  image.write('\u00ffCD001\u0001', (FIRST_DESCRIPTOR + 1) * SECTOR, 'latin1');
  for (const each of folders) folderSector(each).copy(image, each.sector * SECTOR);
  for (const each of files) each.content?.copy(image, each.sector * SECTOR);
  return image;
}

function toTree(name: string, value: IsoFolder | Buffer, parent?: Placed): Placed {
  const placed: Placed = { name, sector: 0, bytes: SECTOR, children: [], ...(parent && { parent }) };
  if (Buffer.isBuffer(value)) return { ...placed, bytes: value.length, content: value };
  for (const child of Object.keys(value).sort()) {
    if (!/^[a-z0-9_]{1,28}$/.test(child)) throw new Error(`${JSON.stringify(child)} cannot be the name of a file here`);
    placed.children.push(toTree(child.toUpperCase(), value[child] as IsoFolder | Buffer, placed));
  }
  return placed;
}

function folderSector(folder: Placed): Buffer {
  const records = [
    record(ROOT, folder),
    record(PARENT, folder.parent ?? folder),
    ...folder.children.map((child) => record(child.content === undefined ? child.name : `${child.name}.;1`, child)),
  ];
  const bytes = Buffer.concat(records);
  if (bytes.length > SECTOR) throw new Error('a folder holds too many files for this writer');
  return bytes;
}

function record(name: string, { sector, bytes, content }: Placed): Buffer {
  const length = 33 + name.length + (name.length % 2 === 0 ? 1 : 0);
  const buffer = Buffer.alloc(length);
  buffer[0] = length;
  both32(buffer, 2, sector);
  both32(buffer, 10, bytes);
  Buffer.from(DATE).copy(buffer, 18);
  buffer[25] = content === undefined ? 2 : 0;
  both16(buffer, 28, 1);
  buffer[32] = name.length;
  buffer.write(name, 33, 'latin1');
  return buffer;
}

function pathTable(folders: readonly Placed[], bigEndian: boolean): Buffer {
  const entries = folders.map((folder) => {
    const { name, sector, parent } = folder;
    const entry = Buffer.alloc(8 + name.length + (name.length % 2));
    const parentNumber = folders.indexOf(parent ?? folder) + 1;
    entry[0] = name.length;
    if (bigEndian) {
      entry.writeUInt32BE(sector, 2);
      entry.writeUInt16BE(parentNumber, 6);
    } else {
      entry.writeUInt32LE(sector, 2);
      entry.writeUInt16LE(parentNumber, 6);
    }
    entry.write(name, 8, 'latin1');
    return entry;
  });
  return Buffer.concat(entries);
}

/** The primary volume descriptor. */
function descriptor(label: string, sectors: number, tableBytes: number, root: Placed): Buffer {
  const buffer = Buffer.alloc(SECTOR);
  buffer.write('\u0001CD001\u0001', 0, 'latin1');
  buffer.fill(' ', 8, 72);
  buffer.write(label.padEnd(32), 40, 'latin1');
  both32(buffer, 80, sectors);
  both16(buffer, 120, 1);
  both16(buffer, 124, 1);
  both16(buffer, 128, SECTOR);
  both32(buffer, 132, tableBytes);
  buffer.writeUInt32LE(FIRST_DESCRIPTOR + 2, 140);
  buffer.writeUInt32BE(FIRST_DESCRIPTOR + 3, 148);
  record(ROOT, root).copy(buffer, 156);
  // Names of sets, publishers and files, then four dates that are not given.
  buffer.fill(' ', 190, 813);
  for (let date = 813; date < 881; date += 17) buffer.fill('0', date, date + 16);
  buffer[881] = 1;
  return buffer;
}

/** Numbers stand there twice, in both orders of bytes. */
function both32(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt32LE(value, at);
  buffer.writeUInt32BE(value, at + 4);
}

function both16(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt16LE(value, at);
  buffer.writeUInt16BE(value, at + 2);
}

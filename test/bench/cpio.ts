/** A newc archive with one executable file, padded so that it can follow another archive in an initrd and replace its files. */
export function cpioFile(name: string, content: string): Buffer {
  return Buffer.concat([entry(name, Buffer.from(content), 0o100755), entry('TRAILER!!!', Buffer.alloc(0), 0)]);
}

function entry(name: string, content: Buffer, mode: number): Buffer {
  const path = Buffer.from(`${name}\0`);
  // inode, mode, uid, gid, links, time, size, device ×2, rdevice ×2, name size, checksum
  const fields = [1, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([pad(Buffer.concat([header, path])), pad(content)]);
}

export function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

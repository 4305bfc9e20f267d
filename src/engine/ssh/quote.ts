/** One word for bash or any POSIX shell that reads it as program text: the shell sees exactly `value`. No NUL allowed. */
export function shellQuote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** One word of rsync's `-e` option, which knows quotes and doubled quotes but no backslashes. */
export function rsyncShellQuote(value: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`;
}

/**
 * A path as a value in OpenSSH's config: quoted, with % and backslash escaped. undefined for what its syntax cannot express:
 * line breaks and `${`.
 */
export function sshConfigQuote(path: string): string | undefined {
  if (/[\u0000-\u001f]|\$\{/.test(path)) return undefined;
  return `"${path.replaceAll('%', '%%').replace(/[\\"]/g, '\\$&')}"`;
}

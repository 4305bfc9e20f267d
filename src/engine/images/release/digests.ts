/**
 * The SHA-512 of a file as its list of digests says, a text of sections such as `# SHA512 HASH` with lines of a hash and a name. Undefined
 * when it does not say exactly one.
 */
export function sha512In(digests: string, file: string): string | undefined {
  const hashes = digests
    .split('\n')
    .map((line) => /^([0-9a-f]{128}) [ *](.+)$/.exec(line.trimEnd()))
    .flatMap((match) => (match?.[2] === file ? [match[1] as string] : []));
  return hashes.length === 1 ? hashes[0] : undefined;
}

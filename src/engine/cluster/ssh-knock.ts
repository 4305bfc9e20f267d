import type { OnProvisioner } from './mayu-host.js';

/**
 * A script for the provisioner that prints those of the addresses where an sshd greets. It costs the nodes one connection
 * each and no key exchange.
 */
export function knockScript(addresses: readonly string[]): string {
  const knock = 'exec 3<> "/dev/tcp/$1/22" && IFS= read -r -t 2 -u 3 line && [[ $line == SSH-* ]] && echo "$1"';
  return `for address in ${addresses.join(' ')}; do
  timeout 3 bash -c '${knock}' bash "$address" 2> /dev/null &
done
wait`;
}

/** Those of the addresses where an sshd greets; none when the provisioner cannot be asked. */
export async function knock(run: OnProvisioner, addresses: readonly string[]): Promise<Set<string>> {
  if (addresses.length === 0) return new Set();
  try {
    const { stdout } = await run(knockScript(addresses), { timeout: 8000 });
    return new Set(stdout.split('\n').filter((line) => addresses.includes(line)));
  } catch {
    return new Set();
  }
}

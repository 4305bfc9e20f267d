import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exec } from '../exec.js';
import type { Ssh, SshTarget } from '../ssh/ssh.js';

export const TARGET: SshTarget = {
  machine: 'core-provisioner',
  host: '127.0.0.1',
  port: 22,
  user: 'core',
  privateKeyFile: '/none',
  hostKey: 'ssh-ed25519 AAAA',
};

/**
 * For tests: runs what would go over ssh on this computer, by the same bash, with `sudo` that needs no password. `programs` are shell
 * scripts that stand before the real programs on PATH.
 */
export async function localSsh(
  exec: Exec,
  directory: string,
  programs: Record<string, string> = {},
): Promise<Pick<Ssh, 'script' | 'put'>> {
  const bin = join(directory, 'bin');
  await mkdir(bin, { recursive: true });
  const sudo = 'if [ "$1" = -n ]; then shift; fi\nexec "$@"';
  for (const [name, text] of Object.entries({ sudo, ...programs })) {
    await writeFile(join(bin, name), `#!/bin/bash\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return {
    script: (_target, script, options = {}) =>
      exec.run('bash', ['-euo', 'pipefail', '-c', script], {
        env: { PATH: `${bin}:${process.env.PATH}` },
        quiet: true,
        ...(options.input === undefined ? {} : { input: options.input }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }),
    put: async (_target, local, remote) => {
      await copyFile(local, remote);
    },
  };
}

/**
 * For tests: a docker that keeps its images in files below `directory`, docker/REPOSITORY:TAG with _ for /, and pulls from a folder registry/ of such
 * files. Like podman, it reads an archive and says what it loaded.
 */
export const dockerProgram = (directory: string) => `DIR=${directory}
cd "$DIR/docker"
name() { echo "$1" | tr / _; }
case "$1 $2" in
  'image inspect') [ -e "$(name "\${@: -1}")" ] && cat "$(name "\${@: -1}")" ;;
  'load -i') grep -q '^archive' "$3" && cp "$3" loaded && echo 'Loaded image: localhost/x:1' && cp "$3" localhost_x:1 ;;
  'pull -q') [ -e "$DIR/registry/$(name "$3")" ] && cp "$DIR/registry/$(name "$3")" . ;;
  tag*) cp "$(name "$2")" "$(name "$3")" ;;
  *) exit 64 ;;
esac`;

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { execa } from 'execa';

const APP = 'e96281a6-d1af-4bde-9a0a-97b76e56dc57';

/** Builds the lab's own update server; resolves with the program. Needs Go. */
export function buildUpdateServer(directory: string): string {
  const program = join(directory, 'update_server');
  execFileSync('go', ['build', '-o', program, '.'], {
    cwd: 'provision/update/server',
    env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false' },
  });
  return program;
}

export interface Asking {
  /** Where the request comes from. */
  address: string;
  id: string;
  version: string;
}

export const CHECK = '<ping active="1"/><updatecheck/>';
export const event = (type: number, result: number, more = '') =>
  `<event eventtype="${type}" eventresult="${result}" ${more}/>`;

/** A node's request to the update server, from its own address. Resolves with the answer. */
export async function omaha(server: string, { address, id, version }: Asking, body: string): Promise<string> {
  const text = `<request protocol="3.0"><app appid="{${APP}}" version="${version}" track="lab" machineid="${id}" board="amd64-usr">${body}</app></request>`;
  const curl = ['-sSf', '--noproxy', '*', '--interface', address, '--data', text, `${server}/v1/update/`];
  return (await execa('curl', curl)).stdout;
}

import type { Sandbox } from '../e2e/sandbox.js';

export const NODES = ['core-01', 'core-02', 'core-03'];

/** What a command printed; rejects when it failed. */
export async function must(sandbox: Sandbox, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sandbox.lab(args, { timeout: 1_200_000 });
  if (code !== 0) throw new Error(`coreos-lab ${args.join(' ')}: ${stdout.slice(-3000)} ${stderr}`);
  return stdout;
}

// shellcheck over every shell script of the repository, where shellcheck is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { openSync, readSync } from 'node:fs';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter(Boolean);

function isShell(file) {
  if (/\.(bats|sh|bash)$/.test(file)) return true;
  if (/\.[a-z0-9]+$/i.test(file)) return false;
  const head = Buffer.alloc(64);
  try {
    readSync(openSync(file, 'r'), head);
  } catch {
    return false;
  }
  return /^#!.*\b(sh|bash|bats)\b/.test(head.toString());
}

const scripts = files.filter(isShell);
if (scripts.length === 0) process.exit(0);
const result = spawnSync(
  'shellcheck',
  ['--external-sources', '--source-path=SCRIPTDIR', '--severity=warning', ...scripts],
  { stdio: 'inherit' },
);
if (result.error) {
  console.log('shellcheck is not installed: shell scripts were not checked');
  process.exit(0);
}
process.exit(result.status ?? 1);

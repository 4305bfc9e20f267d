import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigFiles } from './config-files.js';
import type { SshTarget } from './ssh.js';
import { hostBlock, knownHostsLine, withJumpHosts } from './ssh-config.js';

const provisioner: SshTarget = {
  machine: 'core-provisioner',
  host: '127.0.0.1',
  port: 2201,
  user: 'core',
  privateKeyFile: '/home/Jane Doe/keys/id_ed25519',
  hostKey: 'ssh-ed25519 AAAAprov core-provisioner',
};
const node: SshTarget = {
  ...provisioner,
  machine: 'core-01',
  host: '192.168.2.21',
  port: 22,
  hostKey: 'ssh-ed25519 AAAAnode',
  via: provisioner,
};

test('a block is complete: only the lab’s key, only the known host key, through the jump host', () => {
  expect(hostBlock(node, { knownHosts: '/home/Jane Doe/100%' })).toBe(`Host core-01
  HostName 192.168.2.21
  Port 22
  User core
  IdentityFile "/home/Jane Doe/keys/id_ed25519"
  IdentitiesOnly yes
  IdentityAgent none
  PreferredAuthentications publickey
  HostKeyAlias core-01
  HostKeyAlgorithms ssh-ed25519
  UserKnownHostsFile "/home/Jane Doe/100%%"
  GlobalKnownHostsFile /dev/null
  CheckHostIP no
  StrictHostKeyChecking yes
  UpdateHostKeys no
  ForwardAgent no
  ConnectTimeout 30
  ServerAliveInterval 5
  ServerAliveCountMax 3
  LogLevel ERROR
  ProxyJump core-provisioner
`);
});

test('a config of our own names itself to the jump host’s ssh', () => {
  expect(hostBlock(node, { knownHosts: '/k', config: "/home/Jane's 1%/c" })).toContain(
    `  ProxyCommand ssh -F '/home/Jane'\\''s 1%%/c' -W [%h]:%p core-provisioner\n`,
  );
});

test('known_hosts holds the key under the machine’s name, without its comment', () => {
  expect(knownHostsLine(provisioner)).toBe('core-provisioner ssh-ed25519 AAAAprov\n');
});

test('jump hosts come before the machines behind them, each once', () => {
  const other = { ...node, machine: 'core-02' };
  expect(withJumpHosts([node, other, provisioner]).map(({ machine }) => machine)).toEqual([
    'core-provisioner',
    'core-01',
    'core-02',
  ]);
});

test.each([
  { machine: 'a b' },
  { machine: '-oProxyCommand=x' },
  { host: 'x\n  ProxyCommand evil' },
  { host: '-x' },
  { user: 'core evil' },
  { hostKey: 'ssh-rsa AAAA' },
  { hostKey: 'ssh-ed25519 AAAA\n* ssh-ed25519 BBBB' },
  { privateKeyFile: '/tmp/a\n  ProxyCommand evil' },
])('nothing that could say more than one thing is written: %j', (change) => {
  const target = { ...provisioner, ...change };
  expect(() => hostBlock(target, { knownHosts: '/k' }) + knownHostsLine(target)).toThrow(/cannot express/);
});

describe('ConfigFiles', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'lab-config-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('writes private files, once, and again when something changed', () => {
    const files = new ConfigFiles(join(root, 'ssh'));
    const file = files.write(node);
    expect(readdirSync(join(root, 'ssh')).sort()).toEqual([
      'core-01.known_hosts',
      'core-01.ssh_config',
      'core-provisioner.known_hosts',
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, 'ssh')).mode & 0o777).toBe(0o700);
    const inode = statSync(file).ino;
    files.write(node);
    expect(statSync(file).ino).toBe(inode);
    files.write({ ...node, host: '192.168.2.22' });
    expect(readFileSync(file, 'utf8')).toContain('HostName 192.168.2.22\n');
  });
});

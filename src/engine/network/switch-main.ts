/**
 * The switch process: the private network of a lab. Started by the first machine, it outlives the command that started it
 * and ends itself when no machine has been connected for a while. It may be killed at any moment: the next one reads its
 * ports from the ports file and dials them again.
 *
 *   node switch.js --runtime DIR --pcap FILE [--pcap-limit BYTES] [--linger MS]
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { PcapWriter } from './pcap-writer.js';
import { listenControl } from './switch-control.js';
import { Switch } from './switch-core.js';
import { isPortSpec, type PortSpec, type SwitchAnswer, type SwitchRequest, switchFiles } from './switch-protocol.js';

const CHECK_EVERY = 1000;
const SETTLE = 50;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runtime: { type: 'string' },
      pcap: { type: 'string' },
      'pcap-limit': { type: 'string', default: String(64 * 1024 * 1024) },
      linger: { type: 'string', default: '30000' },
    },
  });
  if (values.runtime === undefined || values.pcap === undefined) {
    process.stderr.write('usage: switch --runtime DIR --pcap FILE [--pcap-limit BYTES] [--linger MS]\n');
    process.exit(2);
  }
  process.umask(0o077);
  const files = switchFiles(values.runtime);
  const linger = Number(values.linger);
  const started = Date.now();
  if (await answers(files.control)) process.exit(0);

  const { promise: ready, resolve: begin } = Promise.withResolvers<void>();
  const server = await listenControl(files.control, (request) => ready.then(() => handle(request)));
  // Of several that start at once only the last to take the socket's name goes on: two must not write one capture.
  await sleep(SETTLE);
  if (!server.owns()) process.exit(0);
  writeFileSync(files.pid, `${process.pid}\n`);

  mkdirSync(dirname(values.pcap), { recursive: true });
  const recorder = new PcapWriter({ file: values.pcap, limit: Number(values['pcap-limit']) });
  const network = new Switch({ recorder });
  for (const port of loadPorts(files.ports)) network.add(port);

  const stop = async () => {
    const owned = server.owns();
    server.close();
    network.close();
    await recorder.close();
    if (owned) rmSync(files.pid, { force: true });
    process.exit(0);
  };

  const handle = async (request: SwitchRequest): Promise<SwitchAnswer> => {
    const done: SwitchAnswer = { ok: true, pid: process.pid };
    switch (request.command) {
      case 'ping':
        return done;
      case 'add':
        if (!isPortSpec(request)) return { ok: false, error: 'add needs a name and a path or a tunnel' };
        network.add(portOf(request));
        savePorts();
        return done;
      case 'remove':
        network.remove(request.name);
        savePorts();
        return done;
      case 'link':
        if (!network.link(request.name, request.up)) return { ok: false, error: `there is no port ${request.name}` };
        savePorts();
        return done;
      case 'statistics':
        return {
          ...done,
          statistics: { pid: process.pid, started, unrecorded: recorder.missed, ports: network.statistics() },
        };
      case 'flush':
        await recorder.flush();
        return done;
      case 'stop':
        setImmediate(() => void stop());
        return done;
      default:
        return { ok: false, error: 'unknown command' };
    }
  };

  const savePorts = () => {
    const temporary = `${files.ports}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(network.specs()));
    renameSync(temporary, files.ports);
  };

  begin();
  let lastUse = Date.now();
  setInterval(() => {
    if (network.connected > 0) lastUse = Date.now();
    if (!server.owns() || Date.now() - lastUse > linger) void stop();
  }, CHECK_EVERY);
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
}

/** Is there a switch behind this socket? */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => socket.write(`${JSON.stringify({ command: 'ping' })}\n`));
    const finish = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('data', () => finish(true));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.setTimeout(2000, () => finish(false));
  });
}

/** Ports of an earlier switch; a file that cannot be read has none, machines add theirs again when they start. */
function loadPorts(file: string): PortSpec[] {
  try {
    const ports: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(ports) ? ports.filter(isPortSpec) : [];
  } catch {
    return [];
  }
}

function portOf({ command: _, ...port }: { command: 'add' } & PortSpec): PortSpec {
  return port;
}

await main();

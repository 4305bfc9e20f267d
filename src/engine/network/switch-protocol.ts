import { join } from 'node:path';
import type { PortStatistics } from './switch-port.js';

/** A machine's cable. Of the same name and otherwise the same: the same cable. */
export type PortSpec = StreamPortSpec | SerialPortSpec;

interface AnyPortSpec {
  name: string;
  /** false: the cable is pulled; default true. */
  link?: boolean;
}

export interface StreamPortSpec extends AnyPortSpec {
  /** Unix socket that the machine's QEMU listens on. */
  path: string;
}

/** Of VirtualBox. */
export interface SerialPortSpec extends AnyPortSpec {
  /** UDP ports on 127.0.0.1, the switch's and the machine's; undefined where VirtualBox connects the machines itself. */
  tunnel?: { local: number; remote: number };
  serial: SerialSpec;
}

export interface SerialSpec {
  /** Unix socket that VirtualBox offers the machine's serial port on. */
  path: string;
  logFile: string;
  /** Unix socket that is made for those who want to hear it and to type. */
  listen: string;
}

/** Is this, which came from outside, a port? */
export function isPortSpec(value: unknown): value is PortSpec {
  const port = value as Partial<StreamPortSpec & SerialPortSpec> | null;
  if (typeof port?.name !== 'string') return false;
  if (typeof port.path === 'string') return true;
  const ports = port.tunnel === undefined ? [] : [port.tunnel.local, port.tunnel.remote];
  const files = [port.serial?.path, port.serial?.logFile, port.serial?.listen];
  return ports.every((each) => Number.isInteger(each)) && files.every((each) => typeof each === 'string');
}

/** Control requests and answers are one line of JSON each; a connection may carry several, answered in order. */
export type SwitchRequest =
  | { command: 'ping' }
  | ({ command: 'add' } & PortSpec)
  | { command: 'remove'; name: string }
  | { command: 'link'; name: string; up: boolean }
  | { command: 'statistics' }
  /** Answered when all frames seen so far are in the capture file. */
  | { command: 'flush' }
  | { command: 'stop' };

export interface SwitchStatistics {
  pid: number;
  /** When it was started, milliseconds since the epoch. */
  started: number;
  /** Frames that are not in the capture although they were forwarded. */
  unrecorded: number;
  ports: PortStatistics[];
}

export type SwitchAnswer = { ok: true; pid: number; statistics?: SwitchStatistics } | { ok: false; error: string };

/** Files of the switch in the lab's runtime directory. */
export function switchFiles(runtimeDirectory: string): { control: string; pid: string; ports: string; log: string } {
  return {
    control: join(runtimeDirectory, 'switch.sock'),
    pid: join(runtimeDirectory, 'switch.pid'),
    ports: join(runtimeDirectory, 'switch-ports.json'),
    log: join(runtimeDirectory, 'switch.log'),
  };
}

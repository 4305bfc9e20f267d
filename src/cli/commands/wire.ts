import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { didYouMean } from '../../engine/did-you-mean.js';
import { LabError } from '../../engine/errors.js';
import { machineNamed } from '../../engine/lab/machines.js';
import { readCaptureFile } from '../../engine/wire/capture-file.js';
import { exportCapture, type FrameSource } from '../../engine/wire/export-capture.js';
import { readRecording, WireFollower } from '../../engine/wire/follower.js';
import { Names, wireMachines } from '../../engine/wire/names.js';
import { PROTOCOLS, type Protocol, type WireFilter } from '../../engine/wire/wire-line.js';
import { withLab } from '../context.js';
import { WirePrinter } from '../wire-printer.js';

interface Options {
  follow?: boolean;
  machine: string[];
  protocol: string[];
  filter?: string;
  sequence?: boolean;
  hex?: boolean;
  json?: boolean;
  read?: string;
  pcap?: string;
}

export async function run(options: Options, command: Command): Promise<void> {
  checkOptions(options);
  await withLab(command, {}, async ({ config, paths, signal }) => {
    const machines = options.machine.map((name) => machineNamed(config, name).name);
    const filter: WireFilter = { machines, protocols: protocolsOf(options.protocol), text: options.filter ?? '' };
    const names = new Names(wireMachines(config));
    const recorded = join(paths.labDirectory, 'wire.pcap');
    const file = options.read ?? recorded;
    if (options.read === undefined && !options.follow) await requireRecording(recorded);
    const source: FrameSource =
      options.read === undefined
        ? (sink) => readRecording(recorded, sink)
        : (sink) => readCaptureFile(file, sink, signal);

    if (options.pcap !== undefined) {
      const frames = await exportCapture(options.pcap, source, names, filter);
      process.stdout.write(`${frames} frames are in ${options.pcap}.\n`);
      return;
    }
    const printer = new WirePrinter(process.stdout, { ...options, file, filter, names });
    if (options.follow) await follow(recorded, printer, signal);
    else {
      await source((frame, ref) => printer.take(frame, ref));
      await printer.end();
    }
  });
}

function checkOptions(options: Options): void {
  const pairs = [
    ['follow', 'read'],
    ['follow', 'pcap'],
    ['follow', 'sequence'],
    ['sequence', 'json'],
    ['json', 'hex'],
    ['sequence', 'hex'],
    ['pcap', 'hex'],
    ['pcap', 'json'],
    ['pcap', 'sequence'],
  ] as const;
  const clash = pairs.find(([one, other]) => options[one] && options[other]);
  if (clash === undefined) return;
  throw new LabError({
    code: 'OPTIONS_CLASH',
    message: `wire cannot do --${clash[0]} and --${clash[1]} at once.`,
    remedy: ['Leave one of them out.'],
    exitCode: 2,
  });
}

function protocolsOf(given: readonly string[]): Protocol[] {
  const words = given.flatMap((list) => list.split(',')).map((word) => word.trim().toLowerCase());
  return words
    .filter((word) => word !== '')
    .map((word) => {
      const known = PROTOCOLS.find((protocol) => protocol === word);
      if (known !== undefined) return known;
      const meant = didYouMean(word, PROTOCOLS);
      throw new LabError({
        code: 'UNKNOWN_PROTOCOL',
        message: `There is no protocol "${word}" here.`,
        remedy: [meant === undefined ? `There are: ${PROTOCOLS.join(', ')}.` : `Did you mean ${meant}?`],
        exitCode: 2,
      });
    });
}

async function requireRecording(file: string): Promise<void> {
  if (
    await stat(file).then(
      () => true,
      () => false,
    )
  )
    return;
  throw new LabError({
    code: 'WIRE_EMPTY',
    message: 'Nothing was recorded on the private network yet: no machine was started.',
    remedy: ['Start one: coreos-lab up', 'Or read a capture: coreos-lab wire --read FILE'],
    exitCode: 2,
  });
}

/** Prints until Ctrl+C. */
async function follow(file: string, printer: WirePrinter, signal: AbortSignal): Promise<void> {
  const follower = new WireFollower(file);
  while (!signal.aborted) {
    const bytes = await follower.read((frame, ref) => printer.take(frame, ref));
    if (bytes > 0) continue;
    await printer.tell(Date.now());
    await new Promise((wake) => setTimeout(wake, 200));
  }
  await printer.end();
  await follower.close();
}

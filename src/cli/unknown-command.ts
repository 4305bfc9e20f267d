import type { Command } from 'commander';
import { didYouMean } from '../engine/did-you-mean.js';
import { LabError } from '../engine/errors.js';

export function unknownCommand(word: string, program: Command): LabError {
  const names = program.commands.map((command) => command.name());
  const meant = didYouMean(word, names);
  return new LabError({
    code: 'UNKNOWN_COMMAND',
    message: `There is no command ${JSON.stringify(word)}.`,
    remedy: [meant === undefined ? 'See them all: coreos-lab --help' : `Did you mean: coreos-lab ${meant}`],
    exitCode: 2,
  });
}

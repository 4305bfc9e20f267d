import type { Command } from 'commander';
import { didYouMean } from '../engine/did-you-mean.js';
import { LabError } from '../engine/errors.js';

/** `word` is none of the commands of `group`, the program or a command with commands of its own. */
export function unknownCommand(word: string, group: Command): LabError {
  const names = group.commands.map((command) => command.name());
  const meant = didYouMean(word, names);
  return new LabError({
    code: 'UNKNOWN_COMMAND',
    message: `There is no command ${JSON.stringify([...wordsOf(group), word].join(' '))}.`,
    remedy: [
      meant === undefined
        ? `See them all: ${['coreos-lab', ...wordsOf(group), '--help'].join(' ')}`
        : `Did you mean: ${['coreos-lab', ...wordsOf(group), meant].join(' ')}`,
    ],
    exitCode: 2,
  });
}

/** A command got words that it has no place for. Ignoring them would hide a mistake: `snapshot svae NAME` would list savepoints. */
export function tooManyWords(command: Command): LabError {
  const { parent, args, registeredArguments } = command;
  const word = args[registeredArguments.length] ?? '';
  // A word that is no command goes to the default command of its group.
  if (parent !== null && parent.parent !== null && parent.args[0] !== command.name())
    return unknownCommand(word, parent);
  return new LabError({
    code: 'TOO_MANY_WORDS',
    message: `${wordsOf(command).join(' ')} does not know what to do with ${JSON.stringify(word)}.`,
    remedy: [`See how it is used: ${['coreos-lab', ...wordsOf(command), '--help'].join(' ')}`],
    exitCode: 2,
  });
}

/** The words that call a command: `snapshot save`; none for the program itself. */
function wordsOf(command: Command): string[] {
  return command.parent === null ? [] : [...wordsOf(command.parent), command.name()];
}

import type { Command } from 'commander';

type Action = (...args: never[]) => Promise<number | undefined> | Promise<void>;

/** The exit code that a command asked for; main.ts ends with it. */
export const outcome = { exitCode: 0 };

/** Words that a command has no place for. The program itself takes them to say that there is no such command. */
function hasMoreWords({ parent, args, registeredArguments }: Command): boolean {
  return parent !== null && !registeredArguments.at(-1)?.variadic && args.length > registeredArguments.length;
}

/** Loads a command's code when it is used, not before. */
export function lazy(load: () => Promise<{ run: Action }>) {
  return async (...args: unknown[]) => {
    const command = args.at(-1) as Command;
    if (hasMoreWords(command)) {
      const { tooManyWords } = await import('./unknown-command.js');
      throw tooManyWords(command);
    }
    const { run } = await load();
    outcome.exitCode = (await (run as (...all: unknown[]) => Promise<number | undefined>)(...args)) ?? 0;
  };
}

import { outcome } from './lazy.js';
import { CommanderError, createProgram, usageExitCode } from './program.js';

// A reader that went away (| head) is no fault.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
}

const program = createProgram();
try {
  await program.parseAsync(process.argv);
  process.exitCode = outcome.exitCode;
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = usageExitCode(error);
  else {
    const { reportError } = await import('./print-error.js');
    process.exitCode = reportError(error, program.opts().debug === true);
  }
}

/**
 * Catches what would end the process with the terminal still in raw mode or on the alternate screen. `onSignal` and `onCrash`
 * end the screen in good order. The returned function takes the guard away.
 */
export function installGuard(onSignal: () => void, onCrash: (error: unknown) => void): () => void {
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
    process.off('uncaughtException', onCrash);
    process.off('unhandledRejection', onCrash);
  };
}

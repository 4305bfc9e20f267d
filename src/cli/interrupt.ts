/**
 * Ctrl+C for commands: the first cancels the work, which then cleans up behind it; the second ends the program at once. SIGTERM
 * and SIGHUP cancel too.
 */
export function cancelOnSignals(): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const cancel = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(
      name === 'SIGINT' ? '\nCancelling; press Ctrl+C again to end at once.\n' : `\n${name}: cancelling.\n`,
    );
    controller.abort(new DOMException('cancelled', 'AbortError'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, cancel);
  return {
    signal: controller.signal,
    stop() {
      for (const name of signals) process.off(name, cancel);
    },
  };
}

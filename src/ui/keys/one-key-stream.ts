/** One key as terminals send it, a whole bracketed paste, or a single character. */
const KEY = /\u001B\[200~.*?(?:\u001B\[201~|$)|\u001B\[[0-?]*[ -/]*[@-~]|\u001BO.|\u001B[^[O]|\u001B\[?.*$|./gsu;

export function splitKeys(input: string): string[] {
  return input.match(KEY) ?? [];
}

/**
 * Stops reading the terminal, so that a program it is handed to gets every key. Taking listeners away is not enough: a read that
 * is under way would swallow the next key. Node stops reading when its standard input says that it was paused.
 */
export async function stopReading(stdin: NodeJS.ReadStream): Promise<void> {
  const turn = () => new Promise((done) => setImmediate(done));
  // Listeners that were just taken away are reckoned with in the next turn, and might set the stream flowing.
  await turn();
  stdin.pause();
  stdin.emit('pause');
  await turn();
}

/**
 * The terminal's input, one key for each turn of the event loop. Typed fast or sent by a program, several keys arrive as one
 * piece; lists would then handle each of them as if the ones before had changed nothing yet.
 */
export function oneKeyStream(stdin: NodeJS.ReadStream): NodeJS.ReadStream {
  const keys: string[] = [];
  const listeners = new Set<() => void>();
  let given = false;

  const again = () => {
    for (const listener of listeners) listener();
  };
  const read = (): string | null => {
    if (given) {
      given = false;
      if (keys.length > 0) setImmediate(again);
      return null;
    }
    // Read until nothing is there: only then does the stream tell of more.
    for (let chunk: unknown = stdin.read(); chunk !== null; chunk = stdin.read())
      keys.push(...splitKeys(String(chunk)));
    given = keys.length > 0;
    return keys.shift() ?? null;
  };
  const listen = (event: string, listener: () => void, on: boolean) => {
    if (event === 'readable' && on) listeners.add(listener);
    if (event === 'readable' && !on) listeners.delete(listener);
  };

  return new Proxy(stdin, {
    get(target, property) {
      if (property === 'read') return read;
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      if (property === 'on' || property === 'addListener' || property === 'off' || property === 'removeListener') {
        return (event: string, listener: () => void) => {
          listen(event, listener, property === 'on' || property === 'addListener');
          return value.call(target, event, listener);
        };
      }
      return value.bind(target);
    },
  });
}

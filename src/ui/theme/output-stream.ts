import { toAscii } from './ascii.js';

const ENTER_ALTERNATE = '\u001B[?1049h';
const LEAVE_ALTERNATE = '\u001B[?1049l';
const WRAP_ON = '\u001B[?7h';
const WRAP_OFF = '\u001B[?7l';

/** The terminal as the screen writes to it. Ink needs its size, its events and that it is a terminal. */
export function outputStream(stream: NodeJS.WriteStream, { unicode }: { unicode: boolean }): NodeJS.WriteStream {
  const change = (text: string) => withoutWrap(unicode ? text : toAscii(text));
  return new Proxy(stream, {
    get(target, property) {
      if (property === 'write') {
        return (chunk: unknown, ...rest: unknown[]) =>
          (target.write as (...args: unknown[]) => boolean)(typeof chunk === 'string' ? change(chunk) : chunk, ...rest);
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * Terminals do not agree on how wide rare characters are. While the alternate screen is shown, a line that turns out too long is cut by
 * the terminal and does not push the lines below it down.
 */
function withoutWrap(text: string): string {
  return text
    .replaceAll(ENTER_ALTERNATE, ENTER_ALTERNATE + WRAP_OFF)
    .replaceAll(LEAVE_ALTERNATE, WRAP_ON + LEAVE_ALTERNATE);
}

/** What update engines say went wrong, in Flatcar's numbers. */
const ERRORS: Record<number, string> = {
  1: 'failed',
  4: 'the installer could not run',
  5: 'the step after the installation failed',
  7: 'the other slot could not be opened',
  8: 'the running slot could not be read',
  9: 'the download failed',
  10: 'the payload is not the one that was promised: hash',
  11: 'the payload is not the one that was promised: size',
  12: "the payload's signature is wrong",
  13: 'the other slot is too small',
  14: 'the other slot could not be written',
  15: 'the other slot does not hold what was written',
  18: "the payload's signature is wrong",
  20: 'the other slot does not hold what was written',
  21: 'the file is no payload',
  23: "the payload's manifest cannot be read",
  30: "the server's answer was empty",
  31: "the server's answer was no XML",
  34: 'given no update',
  37: 'the server answered with an error',
  40: 'waits after failures of this payload',
  44: 'rolled back: the new version did not come up',
};

/** Codes carry flags in their upper bits: another server than the maker's, a test image, a resumed download, developer mode. */
const FLAGS = 2 ** 28;

/** `error 44, rolled back: …`; undefined: it was told without its number. */
export function errorText(code: number | undefined): string {
  if (code === undefined) return 'an error';
  const base = code % FLAGS;
  const http = base >= 2000 && base < 2600 ? httpError(base - 2000) : undefined;
  const word = ERRORS[base] ?? http;
  return `error ${base}${word === undefined ? '' : `, ${word}`}`;
}

const httpError = (status: number) => (status === 0 ? 'no answer from the server' : `the server answered ${status}`);

/** Engines call it an error that they were given nothing; it is what each machine says that has to wait. */
export const isOnlyHeldBack = (code: number | undefined) => code !== undefined && code % FLAGS === 34;

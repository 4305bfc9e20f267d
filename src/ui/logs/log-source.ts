/**
 * Lines that come and go: a log as panes read it. Lines are numbered for good, so that what is looked at stays where it is
 * while new lines come and old ones are dropped.
 */
export interface LogSource {
  /** Number of the oldest line that is still there. */
  readonly first: number;
  /** One more than the number of the newest line. */
  readonly end: number;
  /** The line as it is drawn: styles only, nothing that could steer the terminal. */
  styled(number: number): string;
  /** The line without styles, to search and to save. */
  text(number: number): string;
}

import type { Workshop } from '../steps/workshop.js';

export type UiMode = 'fullscreen' | 'inline' | 'accessible';

export interface UiOptions {
  workshop: Workshop;
  mode: UiMode;
  version: string;
  /** First screen: home, or a lesson (and step). */
  initial: { screen: 'home' } | { screen: 'lesson'; lesson: string; step?: string };
  color: boolean;
  /** Gives the terminal to a program and resolves with its exit code; the UI suspends itself around it. */
  interactive(program: string, args: readonly string[]): Promise<number>;
  /** Connects the terminal with a machine's serial console until the user leaves it. */
  attach?(machine: string): Promise<void>;
  /** Puts text on the clipboard (OSC 52 or a local tool); false when neither works. */
  copy?(text: string): Promise<boolean>;
  /** Is the lab's operating system in the cache? The home screen says so. */
  image?(): Promise<{ ready: boolean; detail: string }>;
  /** Drops downloaded and built images; resolves with the bytes freed. Clean-up offers it when it is there. */
  dropCaches?(): Promise<number>;
  stdin?: NodeJS.ReadStream;
  stdout?: NodeJS.WriteStream;
  /** false in a locale without UTF-8: everything is drawn with ASCII. Default: by LC_ALL, LC_CTYPE, LANG. */
  unicode?: boolean;
}

/** What to do with machines after the screen closed, chosen by the user when quitting. */
export interface UiResult {
  machines: 'leave' | 'halt' | 'destroy';
  exitCode: 0 | 1 | 130;
}

export type StartUi = (options: UiOptions) => Promise<UiResult>;

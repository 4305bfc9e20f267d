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
  /** Puts text on the clipboard (OSC 52 or a local tool); false when neither works. */
  copy?(text: string): Promise<boolean>;
  stdin?: NodeJS.ReadStream;
  stdout?: NodeJS.WriteStream;
}

/** What to do with machines after the screen closed, chosen by the user when quitting. */
export interface UiResult {
  machines: 'leave' | 'halt' | 'destroy';
  exitCode: 0 | 1 | 130;
}

export type StartUi = (options: UiOptions) => Promise<UiResult>;

import type { PaneId } from '../state/view.js';

/** Everything that keys, menus and the palette can do. Never throws; what goes wrong is shown. */
export interface Actions {
  /** Runs the step on the screen as a new attempt; asks for trust first where that is needed. */
  runStep(): void;
  runFrom(): void;
  checkStep(): void;
  skipStep(): void;
  cancel(): void;
  nextStep(): void;
  previousStep(): void;
  /** Index from 0; negative counts from the end. */
  goToStep(index: number): void;
  goToUnfinished(): void;
  openLesson(id: string): void;

  /** Scrolls the lesson or the dialog: lines, or pages by `page`. */
  scroll(by: number, unit: 'line' | 'page' | 'end'): void;
  /** A page down while there is more to read, then the next step. */
  pageOrNext(): void;
  pageOrPrevious(): void;
  cyclePane(by: 1 | -1): void;
  focusPane(pane: PaneId): void;
  zoom(change: 'cycle' | 1 | -1): void;
  toggleLower(): void;
  selectMachine(by: 1 | -1): void;
  /** The log that has the focus. */
  scrollLog(by: number, unit: 'line' | 'page' | 'end'): void;
  followLog(): void;
  openSearch(): void;
  /** Ends typing; `keep`: the matches stay marked. */
  endSearch(keep: boolean): void;
  nextMatch(by: 1 | -1): void;
  clearSearch(): void;
  toggleWrap(): void;
  saveLog(): void;
  copyLog(): void;
  /** The line on the wire that is chosen. */
  selectLine(by: 1 | -1): void;
  /** Its bytes, decoded. */
  openFrame(): void;
  otherFrame(by: 1 | -1): void;
  filterMachine(): void;
  filterProtocol(): void;
  toggleSequence(): void;
  /** Saves what passes the filters as a capture. */
  saveWire(): void;
  toggleNative(): void;
  toggleCard(): void;
  toggleFooter(): void;
  toggleTimer(): void;

  openHelp(): void;
  openPalette(): void;
  openSteps(): void;
  openHint(): void;
  openNotes(): void;
  openCopy(): void;
  closeDialog(): void;

  home(): void;
  explore(): void;
  /** Back to where exploring began, with a summary of what was changed. */
  leaveExplore(): void;
  power(verb: 'up' | 'halt' | 'reload' | 'poweroff' | 'destroy' | 'remove', machine?: string): void;
  askPower(verb: 'poweroff' | 'destroy' | 'remove'): void;
  /** One more node, which is chosen then. */
  addMachine(): void;
  toggleLink(): void;
  screenshot(): void;
  /** Gives the terminal to the serial console of the chosen machine. */
  attachConsole(): void;
  askCommand(everywhere: boolean): void;
  askSavepoint(): void;
  chooseSavepoint(): void;
  askRestore(savepoint: string): void;
  doctor(): void;
  cleanUp(): void;
  /** Back one level; at the home screen asks what becomes of the machines, then ends. */
  back(): void;
  quit(): void;
  exit(machines: 'leave' | 'halt' | 'destroy'): void;
  shell(machine?: string): void;

  lookAgain(): void;
  fix(index: number): void;

  answer(yes: boolean): void;
  /** A character for the text field of the dialog; 'backspace' takes one away. */
  type(text: string): void;
  /** Takes the text of the prompt. */
  takePrompt(): void;
  /** Puts the last command into the prompt. */
  recall(): void;
  movePalette(by: number): void;
  choosePalette(): void;
  copy(text: string, what: string): void;
}

/** A place in a lesson file; lines and columns count from 1. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

/** A fault that `lessons lint` reports: what is wrong and what to write instead. */
export interface LintFault extends Position {
  severity: 'error' | 'warning';
  /** kebab-case id of the rule. */
  rule: string;
  message: string;
  suggestion: string;
}

export type Executor = 'lab' | 'bash' | 'bats';

/** One fenced block that runs. */
export interface Action {
  /** `name=` attribute, or `<executor>-<n>` counting from 1 in its step. */
  id: string;
  executor: Executor;
  /** Body of the fence, as written. */
  source: string;
  /** Machine name, or 'host'; undefined for `lab` blocks. */
  on?: string;
  check: boolean;
  hidden: boolean;
  background: boolean;
  /** Milliseconds. */
  timeout?: number;
  /** How often to try again after a failure; 0 = once only. */
  retry: number;
  only: ('virtualbox' | 'qemu' | 'flatcar' | 'labos')[];
  position: Position;
}

/** A step's content in reading order: markdown prose between actions. */
export type Block = { kind: 'prose'; markdown: string } | { kind: 'action'; action: Action };

export interface Step {
  id: string;
  title: string;
  blocks: Block[];
  actions: Action[];
  /** Speaker notes (`<!-- notes: … -->`) and hints (`<!-- hint: … -->`), markdown. */
  notes: string[];
  hints: string[];
  position: Position;
}

export interface Lesson {
  id: string;
  title: string;
  summary: string;
  /** Minutes. */
  duration: number;
  /** Ids of lessons that come before. */
  requires: string[];
  /** Markdown between the front matter and the first step. */
  intro: string;
  /** Speaker notes of the introduction. */
  notes?: string[];
  steps: Step[];
  file: string;
  /** false for a lesson from outside the package, until the user trusts it: its `on=host` blocks do not run. */
  trusted: boolean;
  /** sha256 of the file's bytes, hex: what trust is given to. */
  hash?: string;
}

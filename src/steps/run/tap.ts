/** One test of a TAP stream. */
export interface TapTest {
  number: number;
  name: string;
  /** As reported; a test that failed as `todo` counts as not failed. */
  ok: boolean;
  /** Reason, possibly empty. */
  skip?: string;
  todo?: string;
  /** Milliseconds. */
  duration?: number;
  diagnostics: string[];
}

export interface TapResult {
  /** Number of tests that the plan names; undefined when there was none. */
  planned: number | undefined;
  tests: number;
  failed: number;
  skipped: number;
  bailOut?: string;
  /** Why the stream does not count as passed, one sentence; undefined = passed. */
  fault?: string;
}

const MAX_LINE = 4096;
const MAX_DIAGNOSTICS = 200;

/**
 * Reads the Test Anything Protocol as it comes, bats' timing included (`ok 1 name in 12ms # skip why`). `onTest` is called
 * once a test and its diagnostics are complete. Lines that are not TAP are ignored.
 */
export class TapParser {
  #rest = '';
  #open: TapTest | undefined;
  #planned: number | undefined;
  #planFault: string | undefined;
  #bailOut: string | undefined;
  #numbers = new Set<number>();
  #tests = 0;
  #failed = 0;
  #skipped = 0;
  #ran = 0;

  constructor(private readonly onTest: (test: TapTest) => void) {}

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) this.#line(line.slice(0, MAX_LINE).replace(/\r$/, ''));
  }

  end(): TapResult {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
    this.#finishTest();
    const fault = this.#fault();
    return {
      planned: this.#planned,
      tests: this.#tests,
      failed: this.#failed,
      skipped: this.#skipped,
      ...(this.#bailOut === undefined ? {} : { bailOut: this.#bailOut }),
      ...(fault === undefined ? {} : { fault }),
    };
  }

  #line(line: string): void {
    const plan = /^1\.\.(\d{1,9})(?:\s+#.*)?\s*$/.exec(line);
    const test = /^(not )?ok\b(?:[ \t]+(\d{1,9})\b)?[ \t]*(?:- )?(.*)$/.exec(line);
    if (plan) {
      this.#finishTest();
      if (this.#planned !== undefined) this.#planFault ??= 'The output has two plans';
      this.#planned ??= Number(plan[1]);
    } else if (test) this.#test(test[1] === undefined, test[2], test[3] ?? '');
    else if (/^Bail out!/i.test(line)) {
      this.#finishTest();
      this.#bailOut = line.slice(9).trim();
    } else if (/^(?:#|\s+\S)/.test(line) && this.#open && this.#open.diagnostics.length < MAX_DIAGNOSTICS) {
      this.#open.diagnostics.push(line.replace(/^# ?/, ''));
    }
  }

  #test(ok: boolean, number: string | undefined, description: string): void {
    this.#finishTest();
    this.#tests += 1;
    const test: TapTest = {
      number: number === undefined ? this.#tests : Number(number),
      ...described(description),
      ok,
    };
    if (this.#numbers.has(test.number)) this.#planFault ??= `Test number ${test.number} was reported twice`;
    this.#numbers.add(test.number);
    if (test.skip !== undefined) this.#skipped += 1;
    else this.#ran += 1;
    if (!ok && test.todo === undefined) this.#failed += 1;
    this.#open = test;
    // What follows a test that passed is not about it; only a failure waits for its diagnostics.
    if (ok) this.#finishTest();
  }

  #finishTest(): void {
    const test = this.#open;
    this.#open = undefined;
    if (test) this.onTest(test);
  }

  #fault(): string | undefined {
    if (this.#bailOut !== undefined) return `The tests gave up${this.#bailOut === '' ? '' : `: ${this.#bailOut}`}`;
    if (this.#failed > 0) return `${this.#failed} of ${this.#planned ?? this.#tests} tests failed`;
    if (this.#planFault !== undefined) return this.#planFault;
    if (this.#planned === undefined) return 'The output has no plan, so nobody knows whether all tests ran';
    if (this.#planned !== this.#tests) return `${this.#planned} tests were planned, but ${this.#tests} reported`;
    if (this.#tests === 0) return 'There was no test';
    if (this.#ran === 0) return 'All tests were skipped, so nothing was checked';
    return undefined;
  }
}

/** Splits a description into name, time and directive. With a time, a `#` before it belongs to the name. */
function described(text: string): Omit<TapTest, 'number' | 'ok'> {
  const timed = /^(.*?) in (\d+(?:\.\d+)?) ?(ms|s|sec)\b(?:[ \t]+# ?(skip|todo)\b[ \t]*(.*))?[ \t]*$/i.exec(text);
  const plain = timed ? undefined : /^(.*?)[ \t]*(?<!\\)# ?(skip|todo)\b\S*[ \t]*(.*)$/i.exec(text);
  const [name = text, directive, reason] = timed
    ? [timed[1], timed[4], timed[5]]
    : [plain?.[1], plain?.[2], plain?.[3]];
  const duration = timed ? Number(timed[2]) * (timed[3]?.toLowerCase() === 'ms' ? 1 : 1000) : undefined;
  const kind = directive?.toLowerCase();
  return {
    name: name.trim(),
    diagnostics: [],
    ...(duration === undefined ? {} : { duration }),
    ...(kind === 'skip' ? { skip: (reason ?? '').trim() } : {}),
    ...(kind === 'todo' ? { todo: (reason ?? '').trim() } : {}),
  };
}

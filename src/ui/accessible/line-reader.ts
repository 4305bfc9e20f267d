import { createInterface, type Interface } from 'node:readline';

/** Questions and answers, a line each. Works with a terminal, a pipe or nothing at all as input. */
export class LineReader {
  readonly #piped: string[] = [];
  #pipe: Interface | undefined;
  #ended = false;
  #waiting: ((line: string | undefined) => void) | undefined;

  constructor(
    private readonly input: NodeJS.ReadStream,
    private readonly output: NodeJS.WriteStream,
  ) {}

  /** The answer without blanks around it; undefined when there is no more input or Ctrl+C was pressed. */
  async ask(question: string): Promise<string | undefined> {
    const line = this.input.isTTY ? await this.#fromTerminal(question) : await this.#fromPipe(question);
    return line?.trim();
  }

  close(): void {
    this.#pipe?.close();
  }

  /** A reader of its own for each question: between questions the terminal belongs to what runs. */
  #fromTerminal(question: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const reader = createInterface({ input: this.input, output: this.output });
      const end = (line: string | undefined) => {
        resolve(line);
        reader.close();
      };
      reader.on('SIGINT', () => {
        this.output.write('\n');
        end(undefined);
      });
      reader.once('close', () => resolve(undefined));
      reader.question(question, end);
    });
  }

  #fromPipe(question: string): Promise<string | undefined> {
    this.output.write(`${question}\n`);
    this.#pipe ??= this.#openPipe();
    const next = this.#piped.shift();
    if (next !== undefined || this.#ended) return Promise.resolve(next);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #openPipe(): Interface {
    const reader = createInterface({ input: this.input });
    const give = (line: string | undefined) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting !== undefined) waiting(line);
      else if (line !== undefined) this.#piped.push(line);
    };
    reader.on('line', give);
    reader.once('close', () => {
      this.#ended = true;
      give(undefined);
    });
    return reader;
  }
}

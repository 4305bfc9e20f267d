/** A map that forgets what was put in first when it is full: what a guest sends must not eat memory. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    if (!this.#entries.has(key) && this.#entries.size >= this.most) {
      this.#entries.delete(this.#entries.keys().next().value as Key);
    }
    this.#entries.set(key, value);
  }

  entries(): Iterable<[Key, Value]> {
    return this.#entries.entries();
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }
}

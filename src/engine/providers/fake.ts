import { isDeepStrictEqual } from 'node:util';
import type { Provider, ProviderCapabilities } from './provider.js';

/** Everything of Provider that can be called. */
export type ProviderMethod = {
  [Key in keyof Provider]: Provider[Key] extends (...args: never[]) => unknown ? Key : never;
}[keyof Provider];

/** One call that the code under test is expected to make, and what comes back. */
export interface PlannedCall<Method extends ProviderMethod = ProviderMethod> {
  method: Method;
  /**
   * What it must be called with, compared from the left: `['core-01']` leaves further arguments open. For methods that take a
   * spec, the machine's name stands for it. A function decides itself.
   */
  with?: readonly unknown[] | ((...args: unknown[]) => boolean);
  /** Result, or a function of the arguments; promises are waited for. Default undefined. */
  returns?: unknown;
  /** Rejects (or throws) with this instead. */
  throws?: unknown;
  /** May come any number of times, also never, and at any moment: for polling. */
  always?: boolean;
}

export interface FakeScript {
  name?: Provider['name'];
  capabilities?: Partial<ProviderCapabilities>;
  calls: readonly PlannedCall[];
  /** Calls are matched by method and arguments alone; default: they must come in this order. */
  anyOrder?: boolean;
}

export interface FakeProvider extends Provider {
  /** What was called so far. */
  readonly calls: readonly { method: ProviderMethod; args: readonly unknown[] }[];
  /** Throws when planned calls were not made, or when unplanned ones were made and their error was swallowed. */
  verify(): void;
}

const METHODS: readonly ProviderMethod[] = [
  'probe',
  'create',
  'start',
  'shutdown',
  'powerOff',
  'reset',
  'pause',
  'resume',
  'destroy',
  'states',
  'console',
  'link',
  'save',
  'restore',
  'discard',
  'savepoints',
  'screenshot',
  'native',
];
const SYNCHRONOUS: ReadonlySet<ProviderMethod> = new Set<ProviderMethod>(['console', 'native']);

/** A provider for unit tests that knows exactly the calls of its script; any other call throws. */
export function createFakeProvider(script: FakeScript): FakeProvider {
  const left = script.calls.filter(({ always }) => !always);
  const always = script.calls.filter((call) => call.always);
  const calls: { method: ProviderMethod; args: readonly unknown[] }[] = [];
  const unplanned: string[] = [];

  function take(method: ProviderMethod, args: readonly unknown[]): PlannedCall {
    calls.push({ method, args });
    const candidates = script.anyOrder ? left : left.slice(0, 1);
    const planned = candidates.find((call) => matches(call, method, args));
    if (planned !== undefined) {
      left.splice(left.indexOf(planned), 1);
      return planned;
    }
    const polled = always.find((call) => matches(call, method, args));
    if (polled !== undefined) return polled;
    const message = `unplanned call: ${describeCall(method, args)}; planned next: ${left.map(describePlan)[0] ?? 'nothing'}`;
    unplanned.push(message);
    throw new Error(message);
  }

  function answer(method: ProviderMethod, args: readonly unknown[]): unknown {
    const planned = take(method, args);
    if (planned.throws !== undefined) throw planned.throws;
    return typeof planned.returns === 'function' ? planned.returns(...args) : planned.returns;
  }

  const methods = Object.fromEntries(
    METHODS.map((method) => [
      method,
      SYNCHRONOUS.has(method)
        ? (...args: unknown[]) => answer(method, args)
        : async (...args: unknown[]) => answer(method, args),
    ]),
  ) as unknown as Pick<Provider, ProviderMethod>;

  return {
    ...methods,
    name: script.name ?? 'qemu',
    capabilities: { liveSnapshots: true, screenshot: true, linkControl: true, wire: true, ...script.capabilities },
    calls,
    verify: () => {
      if (unplanned.length > 0) throw new Error(unplanned.join('\n'));
      if (left.length > 0) throw new Error(`planned but not called: ${left.map(describePlan).join(', ')}`);
    },
  };
}

function matches(call: PlannedCall, method: ProviderMethod, args: readonly unknown[]): boolean {
  if (call.method !== method) return false;
  if (call.with === undefined) return true;
  if (typeof call.with === 'function') return call.with(...args);
  return call.with.every((wanted, index) => isSame(wanted, args[index]));
}

function isSame(wanted: unknown, actual: unknown): boolean {
  if (isDeepStrictEqual(wanted, actual)) return true;
  if (typeof wanted === 'string') return nameOf(actual) === wanted;
  return (
    Array.isArray(wanted) &&
    Array.isArray(actual) &&
    wanted.length === actual.length &&
    wanted.every((each, index) => isSame(each, actual[index]))
  );
}

function nameOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined;
}

function describePlan(call: PlannedCall): string {
  return typeof call.with === 'object' ? describeCall(call.method, call.with) : `${call.method}(…)`;
}

function describeCall(method: string, args: readonly unknown[]): string {
  return `${method}(${args.map((argument) => JSON.stringify(nameOf(argument) ?? argument)).join(', ')})`;
}

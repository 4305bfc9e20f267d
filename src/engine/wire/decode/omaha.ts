import { printable } from './text.js';
import { type XmlTag, xmlTags } from './xml-tags.js';

const MOST_EVENTS = 8;

/** How far an update is, in Omaha's numbers. */
export interface OmahaEvent {
  type: number;
  result: number;
  error?: number;
  /** The version that ran before; empty or 0.0.0.0 when there is nothing to tell. */
  previous?: string;
}

/** What a machine asks and tells. */
export interface OmahaRequest {
  updater?: string;
  /** Somebody wanted it; else it was the engine's own time to ask. */
  onDemand: boolean;
  application?: string;
  version?: string;
  /** Omaha calls it track. */
  group?: string;
  machine?: string;
  alias?: string;
  board?: string;
  /** The version that the machine was installed with. */
  aleph?: string;
  /** It asks for an update. */
  check: boolean;
  ping: boolean;
  events: OmahaEvent[];
}

/** What an update server answers. */
export interface OmahaAnswer {
  server?: string;
  application?: string;
  /** Of the application: ok, or why the machine gets nothing. */
  status?: string;
  /** Of the question for an update: ok, noupdate, or an error; undefined: not a word about it. */
  check?: string;
  version?: string;
  file?: string;
  size?: number;
  codebase?: string;
  sha256?: string;
  /** Seconds until the machine should ask again. */
  interval?: number;
}

export interface Omaha {
  request?: OmahaRequest;
  answer?: OmahaAnswer;
}

/** A message of Omaha 3.0, or what is there of one; undefined: these bytes are none. `piece`: its beginning may be elsewhere. */
export function decodeOmaha(bytes: Buffer, { piece = false } = {}): Omaha | undefined {
  const tags = xmlTags(bytes);
  const root = tags.find(({ name }) => name !== 'xml');
  if (root?.attributes.has('protocol')) {
    if (root.name === 'request') return { request: request(tags) };
    if (root.name === 'response') return { answer: answer(tags) };
  }
  if (!piece) return undefined;
  const has = (name: string, ...attributes: string[]) =>
    tags.some((tag) => tag.name === name && attributes.every((each) => tag.attributes.has(each)));
  if (has('app', 'appid', 'version') || has('event', 'eventtype')) return { request: request(tags) };
  if (has('app', 'appid', 'status') || has('updatecheck', 'status') || has('package', 'size') || has('url', 'codebase'))
    return { answer: answer(tags) };
  return undefined;
}

function request(tags: readonly XmlTag[]): OmahaRequest {
  const of = reader(tags);
  return {
    ...given('updater', of('request', 'updaterversion')),
    onDemand: of('request', 'installsource') === 'ondemandupdate',
    ...given('application', of('app', 'appid')),
    ...given('version', of('app', 'version')),
    ...given('group', of('app', 'track')),
    ...given('machine', of('app', 'machineid')),
    ...given('alias', of('app', 'machinealias')),
    ...given('board', of('app', 'board')),
    ...given('aleph', of('app', 'alephversion')),
    check: tags.some(({ name }) => name === 'updatecheck'),
    ping: tags.some(({ name }) => name === 'ping'),
    events: tags
      .filter(({ name }) => name === 'event')
      .slice(0, MOST_EVENTS)
      .flatMap(eventOf),
  };
}

function eventOf({ attributes }: XmlTag): OmahaEvent[] {
  const type = whole(attributes.get('eventtype'));
  const result = whole(attributes.get('eventresult'));
  if (type === undefined || result === undefined) return [];
  return [
    {
      type,
      result,
      ...given('error', whole(attributes.get('errorcode'))),
      ...given('previous', text(attributes.get('previousversion'))),
    },
  ];
}

function answer(tags: readonly XmlTag[]): OmahaAnswer {
  const of = reader(tags);
  return {
    ...given('server', of('response', 'server')),
    ...given('application', of('app', 'appid')),
    ...given('status', of('app', 'status')),
    ...given('check', of('updatecheck', 'status')),
    ...given('version', of('manifest', 'version')),
    ...given('file', of('package', 'name')),
    ...given('size', whole(of('package', 'size'))),
    ...given('codebase', of('url', 'codebase')),
    ...given('sha256', of('action', 'sha256')),
    ...given('interval', whole(of('updatecheck', 'PollInterval'))),
  };
}

/** Reads an attribute of the first tag with a name: a machine speaks for one application. */
const reader = (tags: readonly XmlTag[]) => (name: string, attribute: string) =>
  text(tags.find((tag) => tag.name === name)?.attributes.get(attribute));

const text = (value: string | undefined) => (value === undefined ? undefined : printable(Buffer.from(value)));

function whole(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function given<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: Value });
}

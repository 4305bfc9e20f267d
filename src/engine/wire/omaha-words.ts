import { bytesText } from '../bytes-text.js';
import type { OmahaAnswer, OmahaEvent, OmahaRequest } from './decode/omaha.js';
import type { HttpExchange } from './happening.js';
import { errorText, isOnlyHeldBack } from './omaha-codes.js';
import { isOmaha } from './omaha-talk.js';
import { pathOf, transferText } from './words.js';

/** What is told of a talk with an update server. */
export interface OmahaTold {
  text: string;
  warning: boolean;
}

const PAYLOAD = /\/(?:flatcar_production_|coreos_production_)?update\.gz$/;
export const isPayload = (exchange: HttpExchange) => exchange.method === 'GET' && PAYLOAD.test(pathOf(exchange));

/** Is this exchange told as Omaha: the questions and reports, and the download that comes of them? */
export const isOfUpdate = (exchange: HttpExchange) => isOmaha(exchange) || isPayload(exchange);

/** Is the answer a line of its own? It is worth one where it decides something. */
export function isDecided({ omaha, status }: HttpExchange): boolean {
  if (status === undefined || status >= 300 || !omaha?.request?.check) return false;
  const { answer } = omaha;
  return answer !== undefined && (answer.check !== undefined || (answer.status ?? 'ok') !== 'ok');
}

/** What the machine says. */
export function askedText(exchange: HttpExchange): OmahaTold {
  const { omaha, status, reason = '', state } = exchange;
  const asked = omaha?.request;
  const what = asked === undefined ? 'says something that was not recorded in full' : requestText(asked);
  const failed = asked?.events.some(({ result, error }) => result === 0 && !isOnlyHeldBack(error)) ?? false;
  if (status === undefined && state === 'cut') return { text: `${what}: no answer`, warning: true };
  if (status !== undefined && status >= 400) return { text: `${what}: ${status} ${reason}`.trimEnd(), warning: true };
  const unheard = asked?.check === true && state === 'done' && !isDecided(exchange);
  return { text: unheard ? `${what}: the answer was not recorded in full` : what, warning: failed };
}

function requestText(request: OmahaRequest): string {
  const { check, ping, version, group } = request;
  const told = request.events.map(eventText).filter((text) => text !== undefined);
  const parts = told.length === 0 ? [] : [`tells: ${told.join(', ')}`];
  const has = [
    version === undefined ? undefined : `has ${version}`,
    group === undefined ? undefined : `group ${group}`,
  ];
  const who = has.filter((part) => part !== undefined).join(', ');
  if (check) parts.push(`asks for an update${who === '' ? '' : `: ${who}`}`);
  else if (ping) parts.push(`is alive${who === '' ? '' : `: ${who}`}`);
  return parts.join('; ') || 'says nothing';
}

const EVENTS: Record<string, string> = {
  '3.1': 'update complete, reboot next',
  '13.1': 'download started',
  '14.1': 'download finished',
  '800.1': 'installed, waits for its reboot',
};

/** An event in words; undefined: it only says that there is nothing to tell. */
export function eventText({ type, result, error, previous }: OmahaEvent): string | undefined {
  if (type === 3 && result === 2) {
    const before = previous === undefined || previous === '' || previous === '0.0.0.0' ? undefined : previous;
    return before === undefined ? undefined : `installed after reboot from ${before}`;
  }
  if (result === 0) return `${type === 3 ? '' : `event ${type}, `}${errorText(error)}`;
  return EVENTS[`${type}.${result}`] ?? `event ${type}.${result}`;
}

/** Why a machine gets nothing, by the status of its application. */
const HELD_BACK: Record<string, string> = {
  'error-maxUpdatesPerPeriodLimitReached': 'others were let in already',
  'error-maxConcurrentUpdatesLimitReached': 'others update at the moment',
  'error-maxTimedOutUpdatesLimitReached': 'updates of others did not come to an end',
  'error-updatesDisabled': 'the rollout is paused',
  'error-updateInProgressOnInstance': 'its last update is not over yet, as far as the server knows',
};
const REFUSED: Record<string, string> = {
  'error-noPackageFound': 'its channel has no package',
  'error-unknownApplicationOrGroup': 'the server does not know its group',
  'error-failedToRetrieveUpdatePackageInfo': 'the server finds no package for its group',
  'error-instanceRegistrationFailed': 'the server could not register it',
  'error-couldNotCheckUpdatesStats': 'the server could not look up the other machines',
};

/** What the server decides. */
export function answerText({ check, status = 'ok', version, size, interval }: OmahaAnswer): OmahaTold {
  if (check === 'ok') {
    const bytes = size === undefined ? '' : ` (${bytesText(size)})`;
    return { text: `is offered ${version ?? 'an update'}${bytes}`, warning: false };
  }
  const again = interval === undefined ? '' : `, should ask again in ${interval} s`;
  if (check === 'noupdate') return { text: `no update${again}`, warning: false };
  const held = HELD_BACK[status];
  if (held !== undefined) return { text: `has to wait: ${held}`, warning: false };
  return { text: `gets no update: ${REFUSED[status] ?? `the server says ${status}`}`, warning: true };
}

/** `fetches 1.1.0: 62% of 100 MiB` */
export function payloadText(exchange: HttpExchange): OmahaTold {
  const { status, reason = '', state } = exchange;
  const version = /\/([^/]+)\/[^/]+$/.exec(pathOf(exchange))?.[1] ?? pathOf(exchange);
  const what = status === 206 ? `goes on fetching ${version}` : `fetches ${version}`;
  if (status === undefined) return { text: state === 'cut' ? `${what}: no answer` : what, warning: state === 'cut' };
  if (status >= 300) return { text: `${what}: ${status} ${reason}`.trimEnd(), warning: true };
  const far = transferText(exchange, state === 'done');
  return { text: `${what}: ${state === 'cut' ? `cut off at ${far}` : far}`, warning: state === 'cut' };
}

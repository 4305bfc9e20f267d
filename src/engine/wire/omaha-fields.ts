import type { Omaha, OmahaAnswer, OmahaRequest } from './decode/omaha.js';
import { answerText, eventText } from './omaha-words.js';

/** What a message of Omaha says, field by field, with what its numbers mean. */
export function omahaFields({ request, answer }: Omaha): [string, string | undefined][] {
  return [
    ...(request === undefined ? [] : requestFields(request)),
    ...(answer === undefined ? [] : answerFields(answer)),
  ];
}

function requestFields(request: OmahaRequest): [string, string | undefined][] {
  const { check, ping, onDemand, aleph, version } = request;
  const asks = [check ? 'for an update' : undefined, ping ? 'to be counted as alive' : undefined];
  return [
    [
      'Omaha',
      `request by ${request.updater ?? 'an engine'}, ${onDemand ? 'because somebody wanted it' : 'as scheduled'}`,
    ],
    ['application', request.application],
    ['version', version === undefined ? undefined : `${version}${aleph ? `, was installed with ${aleph}` : ''}`],
    ['group', request.group],
    ['machine', request.alias ? `${request.machine ?? ''} (${request.alias})` : request.machine],
    ['board', request.board],
    ['asks', asks.filter((each) => each !== undefined).join(', ')],
    ...request.events.map((event): [string, string] => [
      'tells',
      `event ${event.type}.${event.result}: ${eventText(event) ?? 'nothing new since the last time'}`,
    ]),
  ];
}

function answerFields(answer: OmahaAnswer): [string, string | undefined][] {
  const { check, size, codebase, file } = answer;
  return [
    ['Omaha', `answer of ${answer.server || 'a server'}`],
    ['application', [answer.application, answer.status].filter((each) => each !== undefined).join(', ')],
    ['update', check === undefined ? undefined : `${check}: ${answerText(answer).text}`],
    ['size', size === undefined ? undefined : `${size} bytes`],
    ['from', codebase === undefined ? undefined : `${codebase}${codebase.endsWith('/') ? '' : '/'}${file ?? ''}`],
    ['SHA-256', answer.sha256],
    ['next time', answer.interval === undefined ? undefined : `in ${answer.interval} s`],
  ];
}

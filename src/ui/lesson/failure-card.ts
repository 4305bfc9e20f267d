import type { Failure } from '../../engine/events.js';
import type { Step } from '../../steps/lesson.js';
import type { StepView } from '../state/lab-state.js';
import { clip, hang, plain, wrap } from '../theme/text.js';
import type { Theme } from '../theme/theme.js';
import type { Prose } from './lesson-lines.js';

/** Cause in one sentence, the evidence, what to do, the keys: at most `height` lines. Evidence gives way first. */
export function cardLines(
  state: StepView | undefined,
  step: Step,
  theme: Theme,
  width: number,
  height: number,
  prose: Prose,
  keys: readonly { key: string; meaning: string }[],
): string[] {
  const failure = state?.latest?.failure ?? failureOfAction(state) ?? UNKNOWN;
  const cause = wrap(theme.paint('bad', theme.paint('strong', plain(failure.message))), width);
  const why = failure.cause === undefined ? [] : wrap(plain(failure.cause), width);
  const remedies = failure.remedy.filter((text) => !step.hints.includes(text));
  if (remedies.some((text) => CHANGES.test(text))) remedies.push(HERE);
  const remedy = remedies.flatMap((text) => hang('› ', plain(text), width));
  const hint = step.hints[0] === undefined ? [] : ['', ...labelled('Hint: ', prose(step.hints[0], width - 6), theme)];
  const labels = keys.map(({ key, meaning }) => `${theme.paint('selected', key)} ${meaning}`);
  const last = ['', labels.join('   ')];
  const parts = [...cause, ...why];
  const after = [...(remedy.length > 0 ? [''] : []), ...remedy, ...hint, ...last];
  const room = height - parts.length - after.length - 1;
  const evidence = (failure.evidence ?? tail(state))
    .map((line) => plain(line))
    .filter((line) => line.trim() !== '')
    .slice(-Math.max(0, Math.min(8, room)))
    .map((line) => theme.paint('dim', clip(`  ${line}`, width)));
  const all = [...parts, ...(room > 0 && evidence.length > 0 ? ['', ...evidence] : []), ...after];
  // On a very small screen the keys and the cause stay.
  return all.length <= height ? all : [...all.slice(0, Math.max(1, height - 1)), last[1] as string];
}

/** Commands that change the lab, which this screen holds while it is open. */
const CHANGES = /coreos-lab (up|halt|reload|reset|destroy|sync|snapshot|image (build|fetch)|setup)\b/;
const HERE = 'Such commands wait until this screen is closed. In it: e, then the machine and a key of the footer.';

const UNKNOWN: Failure = {
  code: '',
  message: 'The step did not end well, and nothing says why.',
  remedy: ['Look at its output.'],
};

function failureOfAction(state: StepView | undefined): Failure | undefined {
  return state?.latest?.actions.findLast(({ failure }) => failure !== undefined)?.failure;
}

function tail(state: StepView | undefined): string[] {
  return state?.latest?.actions.findLast(({ status }) => status === 'failed')?.tail.split('\n') ?? [];
}

function labelled(label: string, lines: readonly string[], theme: Theme): string[] {
  return lines.map((line, index) => (index === 0 ? theme.paint('warn', label) : ' '.repeat(label.length)) + line);
}

import { describe, expect, test } from 'vitest';
import type { Failure } from '../../engine/events.js';
import type { Step } from '../../steps/lesson.js';
import type { StepView } from '../state/lab-state.js';
import { createTheme } from '../theme/theme.js';
import { cardLines } from './failure-card.js';

const HINT = 'Is the cable in?';
const step = { hints: [HINT] } as unknown as Step;

function card(remedy: string[]): string {
  const failure: Failure = { code: 'X', message: 'It broke.', remedy };
  const state = { latest: { failure, actions: [] } } as unknown as StepView;
  return cardLines(state, step, createTheme(false), 200, 40, (text) => [text], []).join('\n');
}

describe('the failure card', () => {
  test('shows a hint once, also where it is all that can be advised', () => {
    expect(card([HINT]).split(HINT)).toHaveLength(2);
    expect(card(['Mend it.'])).toMatch(/› Mend it\.[\s\S]*Hint: Is the cable in\?/);
  });

  test('says where to do what this screen keeps other windows from doing', () => {
    expect(card(['Start it: coreos-lab up core-01'])).toContain('Such commands wait until this screen is closed');
    expect(card(['Look at it: coreos-lab console core-01'])).not.toContain('Such commands');
  });
});

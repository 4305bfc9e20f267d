export type { StartUi, UiMode, UiOptions, UiResult } from './options.js';

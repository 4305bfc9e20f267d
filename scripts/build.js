// Bundles src/cli/main.ts into dist/: one small entry and lazily loaded chunks, because start-up time is what a presenter feels.
import { rename, rm } from 'node:fs/promises';
import { bundle } from './bundle.js';

// Built beside the old one and put in its place: a program that runs from dist/ meanwhile keeps its files.
const fresh = `dist.${process.pid}`;
await bundle({ main: 'src/cli/main.ts', switch: 'src/engine/network/switch-main.ts' }, fresh);
await rm('dist', { recursive: true, force: true });
await rename(fresh, 'dist');

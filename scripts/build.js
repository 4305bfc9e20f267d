// Bundles src/cli/main.ts into dist/: one small entry and lazily loaded chunks, because start-up time is what a presenter feels.
import { rename, rm } from 'node:fs/promises';
import { build } from 'esbuild';

// Built beside the old one and put in its place: a program that runs from dist/ meanwhile keeps its files.
const fresh = `dist.${process.pid}`;
await build({
  entryPoints: { main: 'src/cli/main.ts', switch: 'src/engine/network/switch-main.ts' },
  outdir: fresh,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.12',
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  // ssh2 finds its optional native parts by relative paths, so it stays a package of its own.
  external: ['ssh2', 'react-devtools-core'],
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
await rm('dist', { recursive: true, force: true });
await rename(fresh, 'dist');

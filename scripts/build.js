// Bundles src/cli/main.ts into dist/: one small entry and lazily loaded chunks, because start-up time is what a presenter feels.
import { readFile, rename, rm } from 'node:fs/promises';
import { build } from 'esbuild';

/**
 * Yoga would read its own bytes by fetch(), for which Node first loads a whole HTTP client (25 ms). Where there is no fetch it decodes
 * them itself.
 */
const yogaWithoutFetch = {
  name: 'yoga-without-fetch',
  setup({ onLoad }) {
    onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path }) => ({
      contents: `const fetch = undefined;\n${await readFile(path, 'utf8')}`,
    }));
  },
};

/**
 * marked-terminal's own blocks, with 1.9 MB of syntax highlighting, emoji names and tables behind them: lessons are laid out by
 * src/ui/lesson/markdown.ts, which takes only its inline text.
 */
const leaveOutUnused = {
  name: 'leave-out-unused',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(cli-highlight|cli-table3|node-emoji)$/ }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

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
  plugins: [yogaWithoutFetch, leaveOutUnused],
  logLevel: 'warning',
});
await rm('dist', { recursive: true, force: true });
await rename(fresh, 'dist');

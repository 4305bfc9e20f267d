// How all of our programs are bundled: dist/ by build.js, the benchmarks by bench.js.
import { readFile } from 'node:fs/promises';
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

/** Bundles `entryPoints` ({ name: source }) into `outdir`. */
export async function bundle(entryPoints, outdir) {
  await build({
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    // ssh2 finds its optional native parts by relative paths, esbuild its program; so they stay packages of their own.
    external: ['ssh2', 'esbuild', 'react-devtools-core'],
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    plugins: [yogaWithoutFetch, leaveOutUnused],
    logLevel: 'warning',
  });
}

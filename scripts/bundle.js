// How all of our programs are bundled: dist/ by build.js, the benchmarks by bench.js.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
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

/**
 * Ink takes every line of every frame apart anew, into characters with styles and widths, though most lines are those of the frame
 * before: a third of what drawing costs. So what was found is kept: widths by src/ui/theme/text-width.ts, characters by Ink's own cache,
 * which lives on from frame to frame. And as it takes 30 ms to compile an expression of all emoji, that waits until a text needs it.
 */
const rememberText = {
  name: 'remember-text',
  setup({ onResolve, onLoad }) {
    const textWidth = resolve('src/ui/theme/text-width.ts');
    onResolve({ filter: /^string-width$/ }, ({ importer }) =>
      importer === textWidth ? undefined : { path: textWidth },
    );
    onLoad({ filter: /string-width\/index\.js$/ }, ({ path }) =>
      patched(path, 'const rgiEmojiRegex = /^\\p{RGI_Emoji}$/v;', LATE_EMOJI),
    );
    onLoad({ filter: /ink\/build\/output\.js$/ }, ({ path }) =>
      patched(path, 'caches = new OutputCaches();', 'caches = sharedCaches();', SHARED_CACHES),
    );
  },
};

async function patched(path, search, replacement, added = '') {
  const source = await readFile(path, 'utf8');
  if (!source.includes(search)) throw new Error(`${path} has no "${search}" any more: see scripts/bundle.js`);
  return { contents: source.replace(search, () => replacement) + added };
}

const LATE_EMOJI = `
let emoji;
const rgiEmojiRegex = { test: (text) => (emoji ??= new RegExp('^\\\\p{RGI_Emoji}$', 'v')).test(text) };
`;

const SHARED_CACHES = `
let shared = new OutputCaches();
function sharedCaches() {
  if (shared.styledChars.size >= 256) shared = new OutputCaches();
  return shared;
}
`;

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
    // ssh2 finds its optional native parts by relative paths, esbuild its program; openpgp's licence wants it to be replaceable. So they stay
    // packages of their own.
    external: ['ssh2', 'openpgp', 'esbuild', 'react-devtools-core'],
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    plugins: [yogaWithoutFetch, leaveOutUnused, rememberText],
    logLevel: 'warning',
  });
}

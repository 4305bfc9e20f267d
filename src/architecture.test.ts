import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const SOURCE = import.meta.dirname;

interface Module {
  /** From src/, with slashes: engine/lab/power.ts */
  file: string;
  text: string;
  /** What it imports, types too: packages by name, modules of this program as `file` is written, without extension. */
  imports: string[];
}

/** The specifiers of import and export statements, of import() and of side-effect imports. */
function importsOf(text: string): string[] {
  const statements = /(?:^|[\n;])\s*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"\n]+)\1/g;
  const calls = /\b(?:import|require)\(\s*(['"`])([^'"`\n]+)\1/g;
  return [...text.matchAll(statements), ...text.matchAll(calls)].map((match) => match[2] ?? '');
}

/** A variable of the module itself that can be set again: state that all users of the module share. */
function moduleVariables(text: string): string[] {
  return [...text.matchAll(/^(?:export )?(?:declare )?(?:let|var)\s.*$/gm)].map(([line]) => line);
}

function readModules(): Module[] {
  return readdirSync(SOURCE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      const named = (specifier: string) =>
        specifier.startsWith('.') ? inside(resolve(dirname(path), specifier)) : specifier;
      return { file: slashes(relative(SOURCE, path)), text, imports: importsOf(text).map(named) };
    });
}

const slashes = (path: string) => path.split(sep).join('/');
const inside = (path: string) => slashes(relative(SOURCE, path)).replace(/\.[jt]sx?$/, '');

const modules = readModules();
const under = (folder: string) => modules.filter(({ file }) => file.startsWith(`${folder}/`));
const offenders = (from: readonly Module[], forbidden: RegExp) =>
  from.flatMap(({ file, imports }) =>
    imports.filter((name) => forbidden.test(name)).map((name) => `${file} imports ${name}`),
  );

/** Who starts processes without Exec, and why it has to. */
const OWN_PROCESSES: Record<string, string> = {
  'engine/state/lock.ts':
    'asks ps when a process began, where there is no /proc; the lock is taken before there is an Exec, at once',
  'ui/testing/demo.tsx': 'no part of the program: shows the screen over a scripted workshop',
};

describe('layers', () => {
  test('all of them are looked at', () => {
    for (const folder of ['engine', 'steps', 'ui', 'cli']) expect(under(folder).length).toBeGreaterThan(10);
    expect(modules.find(({ file }) => file === 'cli/compose.ts')?.imports).toContain('engine/lab/create-lab');
  });

  test('the engine knows nothing of steps, screen and commands', () => {
    expect(offenders(under('engine'), /^(steps|ui|cli)(\/|$)|^(react|ink|commander)(-|\/|$)/)).toEqual([]);
  });

  test('steps know nothing of screen and commands', () => {
    expect(offenders(under('steps'), /^(ui|cli)(\/|$)|^(react|ink|commander)(-|\/|$)/)).toEqual([]);
  });

  test('the screen knows nothing of commands', () => {
    expect(offenders(under('ui'), /^cli(\/|$)|^commander$/)).toEqual([]);
  });

  test('processes are started by Exec alone', () => {
    const starters = modules.filter(({ imports }) =>
      imports.some((name) => /^((node:)?child_process|execa)$/.test(name)),
    );
    const others = starters.map(({ file }) => file).filter((file) => !/^engine\/exec[^/]*$/.test(file));
    // An exception that is none any more has to go too.
    expect(others.sort()).toEqual(Object.keys(OWN_PROCESSES).sort());
  });

  test('node:http is not imported: that reads all of its getters, one of which loads an HTTP client (use process.getBuiltinModule)', () => {
    const importers = modules.filter(
      ({ file, text }) => /^import (?!type\b)[^;]*'(node:)?https?'/m.test(text) && !file.includes('test-support'),
    );
    expect(importers.map(({ file }) => file)).toEqual([]);
  });

  test('modules of engine and steps hold no state', () => {
    const found = [...under('engine'), ...under('steps')].flatMap(({ file, text }) =>
      moduleVariables(text).map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });
});

describe('the look at a module finds', () => {
  test.each([
    [`import { a } from '../ui/a.js';`, '../ui/a.js'],
    [`import type { A } from "./a.js";`, './a.js'],
    [`import a, {\n  b,\n  type C,\n} from './a.js';`, './a.js'],
    [`import './a.js';`, './a.js'],
    [`export * from './a.js';`, './a.js'],
    [`export { a } from './a.js';`, './a.js'],
    [`const { execa } = await import('execa');`, 'execa'],
    [`const file = require('node:fs');`, 'node:fs'],
  ])('the import in %j', (text, wanted) => {
    expect(importsOf(`// first\n${text}\nconst from = 'x';\n`)).toEqual([wanted]);
  });

  test('no import in other text', () => {
    expect(
      importsOf(`export const a = 'from';\nexport function from() {}\nconst b = "import";\nlog('important(x)');`),
    ).toEqual([]);
  });

  test('variables of the module, not those of functions', () => {
    const text = `let a = 1;\nexport let b;\nvar c = 2;\nconst d = 3;\nfunction f() {\n  let e = 4;\n}\nletter();\n`;
    expect(moduleVariables(text)).toEqual(['let a = 1;', 'export let b;', 'var c = 2;']);
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { cluster } from './cluster.js';
import type { Benchmark, Figure } from './figures.js';
import { flood } from './flood.js';
import { lesson } from './lesson.js';
import { lint } from './lint.js';
import { startup } from './startup.js';
import { status } from './status.js';
import { switchThroughput } from './switch.js';
import { updates } from './updates.js';

const all: Benchmark[] = [startup, status, flood, switchThroughput, lint, lesson, cluster, updates];
const store = 'docs/performance.json';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}: use ${all.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

const stored = JSON.parse(await readFile(store, 'utf8').catch(() => '{}')) as Record<string, unknown>;
stored.conditions = {
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  cpu: `${cpus().length} × ${cpus()[0]?.model}`,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
};
for (const benchmark of all) {
  if (wanted.length > 0 && !wanted.includes(benchmark.name)) continue;
  console.log(`\n${benchmark.name}`);
  const figures = await benchmark.run();
  for (const figure of figures) print(figure);
  stored[benchmark.name] = figures;
  await writeFile(store, `${JSON.stringify(stored, null, 2)}\n`);
}

function print({ name, value, unit, aim, note }: Figure): void {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const extra = [aim && `aim ${aim}`, note].filter(Boolean).join('; ');
  console.log(`  ${name.padEnd(44)} ${value.toFixed(digits).padStart(9)} ${unit.padEnd(8)} ${extra}`);
}

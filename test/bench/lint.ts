import { lintLesson } from '../../src/steps/lint/lint-lesson.js';
import { type Benchmark, median, times } from './figures.js';

export const lint: Benchmark = {
  name: 'lint',
  async run() {
    const step = (n: number) =>
      `## Step ${n} {#s${n}}\n\nProse with **words** and a list:\n\n- one\n- two\n\n\`\`\`bash on=core-provisioner timeout=30s\necho ${n}\n\`\`\`\n\n\`\`\`bats on=core-provisioner check\n@test "t${n}" {\n  true\n}\n\`\`\`\n\n<!-- hint: hint ${n} -->\n`;
    const head = '---\nid: big\ntitle: Big\nsummary: A thousand steps.\nduration: 5m\nrequires: []\n---\n\n';
    const text = head + Array.from({ length: 1000 }, (_, n) => step(n)).join('\n');
    const taken = await times(7, async () => {
      const started = performance.now();
      const faults = await lintLesson(text, 'big.md');
      if (faults.length > 0) throw new Error(`the big lesson should be clean: ${JSON.stringify(faults[0])}`);
      return performance.now() - started;
    });
    return [
      {
        name: 'lint of 1,000 steps',
        value: median(taken),
        unit: 'ms',
        note: `${Math.round(text.length / 1024)} KiB, 2,000 actions; median of 7`,
      },
    ];
  },
};

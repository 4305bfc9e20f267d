// Adds up the results of all suites in a folder: vitest's JSON reports and TAP files. Exit code 1 when something failed or nothing ran.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const file of readdirSync(folder)) {
  const text = readFileSync(join(folder, file), 'utf8');
  if (file.endsWith('.tap')) {
    sum.passed += (text.match(/^ok /gm) ?? []).length;
    sum.failed += (text.match(/^not ok /gm) ?? []).length;
  } else {
    const report = JSON.parse(text);
    sum.passed += report.numPassedTests;
    // A file that could not be loaded has no tests that could fail.
    sum.failed +=
      report.numFailedTests +
      report.testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0).length;
    sum.skipped += report.numPendingTests + report.numTodoTests;
  }
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed > 0 || sum.passed === 0 ? 1 : 0);

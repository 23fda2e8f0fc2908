/**
 * Sums up JSON reports of runs of the same tests, as `N passed, N failed`. A test has passed if it did in every run that has it.
 * A file that does not load, and a run that ended without a report or in an error outside the tests, count as one failure each.
 */
import { readFileSync } from 'node:fs';

/** @typedef {{ fullName: string, status: string }} Assertion */
/** @typedef {{ success: boolean, testResults: { name: string, status: string, assertionResults: Assertion[] }[] }} Report */

const passed = new Set();
const failed = new Set();

for (const path of process.argv.slice(2)) {
  const failuresBefore = failed.size;
  const report = read(path);
  for (const file of report?.testResults ?? []) {
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'passed') passed.add(`${file.name} ${fullName}`);
      if (status === 'failed') failed.add(`${file.name} ${fullName}`);
    }
    if (
      file.status === 'failed' &&
      !file.assertionResults.some((test) => test.status === 'failed')
    ) {
      failed.add(file.name);
    }
  }
  if (report?.success !== true && failed.size === failuresBefore) {
    failed.add(path);
  }
}

const passedCount = [...passed].filter((test) => !failed.has(test)).length;
process.stdout.write(`${passedCount} passed, ${failed.size} failed\n`);
process.exitCode = failed.size === 0 && passedCount > 0 ? 0 : 1;

/**
 * @param {string} path
 * @returns {Report | null}
 */
function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

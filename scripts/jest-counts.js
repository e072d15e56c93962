import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/**
 * A Jest reporter that leaves the counts of a package's run in `.jest/counts.json`, for scripts/test.ts to add up, and what
 * failed, for `pnpm delivery tests` to name.
 */
export default class JestCounts {
  #rootDir;

  constructor({ rootDir }) {
    this.#rootDir = rootDir;
  }

  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results;
    const folder = join(this.#rootDir, '.jest');
    mkdirSync(folder, { recursive: true });
    const counts = {
      passed: numPassedTests,
      // A file that does not even load has no tests to count, and must not look like success.
      failed: numFailedTests + numRuntimeErrorTestSuites,
      skipped: numPendingTests,
      failures: results.testResults.flatMap((file) => this.#failuresOf(file)),
    };
    writeFileSync(join(folder, 'counts.json'), JSON.stringify(counts));
  }

  #failuresOf({ testFilePath, testResults, testExecError }) {
    const file = relative(this.#rootDir, testFilePath).replaceAll('\\', '/');
    const failed = testResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages: [message] }) => ({
        file,
        test: fullName,
        reason: firstLine(message),
      }));
    if (failed.length > 0 || !testExecError) return failed;
    return [{ file, test: '(the file does not load)', reason: firstLine(testExecError.message) }];
  }
}

function firstLine(text = '') {
  return stripVTControlCharacters(text).trim().split('\n')[0];
}

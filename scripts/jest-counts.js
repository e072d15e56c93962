import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Jest reporter that leaves the counts of a package's run in `.jest/counts.json`, for scripts/test.ts to add up. */
export default class JestCounts {
  #rootDir;

  constructor({ rootDir }) {
    this.#rootDir = rootDir;
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    const folder = join(this.#rootDir, '.jest');
    mkdirSync(folder, { recursive: true });
    const counts = {
      passed: numPassedTests,
      // A file that does not even load has no tests to count, and must not look like success.
      failed: numFailedTests + numRuntimeErrorTestSuites,
      skipped: numPendingTests,
    };
    writeFileSync(join(folder, 'counts.json'), JSON.stringify(counts));
  }
}

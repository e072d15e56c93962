import { stripVTControlCharacters } from 'node:util';

/** What Jest tells reporters of a test. https://jestjs.io/docs/configuration#custom-reporters */
interface TestCase {
  readonly status: string;
  readonly title: string;
  readonly fullName: string;
  readonly failureMessages: readonly string[];
}

/** A Jest reporter that sends the report of each failed test, as soon as it has failed, to the process that started Jest. */
export default class TrialReporter {
  onTestCaseResult(_test: unknown, { status, title, fullName, failureMessages }: TestCase): void {
    if (status !== 'failed') return;
    process.send?.(stripVTControlCharacters([`✕ ${title}`, fullName, ...failureMessages].join('\n')));
  }
}

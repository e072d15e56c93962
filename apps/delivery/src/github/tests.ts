import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What scripts/jest-counts.js leaves of a package's run. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

interface Failure {
  /** Within its package. */
  readonly file: string;
  readonly test: string;
  /** First line of the message. */
  readonly reason: string;
}

/** Failures that are named, of all packages together: a summary takes 1 MiB. */
const NAMED = 100;

/** The figures of the last `pnpm test`, by package, and what failed, as Markdown. */
export function testsMarkdown(repository: string): string {
  const rows = globSync('{packages/*,apps/*,infra}/.jest/counts.json', { cwd: repository })
    .sort()
    .map((file) => ({
      folder: dirname(dirname(file)),
      ...(JSON.parse(readFileSync(join(repository, file), 'utf8')) as Counts),
    }));
  const sum = (key: 'passed' | 'failed') => rows.reduce((total, row) => total + row[key], 0);
  const failures = rows.flatMap(({ folder, failures: ofPackage }) =>
    ofPackage.map(({ file, test, reason }) => `- \`${folder}/${file}\` ${asText(test)}: ${asText(reason)}`),
  );
  return [
    '### Tests',
    '',
    rows.length === 0 ? 'No package has run its tests.' : `${sum('passed')} passed, ${sum('failed')} failed`,
    '',
    '| package | passed | failed | skipped |',
    '| --- | ---: | ---: | ---: |',
    ...rows.map(
      ({ folder, passed, failed, skipped }) => `| ${folder} | ${passed} | ${failed} | ${skipped} |`,
    ),
    '',
    ...(failures.length === 0 ? [] : ['Failed:', '', ...failures.slice(0, NAMED), '']),
    ...(failures.length > NAMED ? [`and ${failures.length - NAMED} more: see the log`, ''] : []),
  ].join('\n');
}

/** As Markdown shows it literally. */
function asText(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~!@]/g, '\\$&');
}

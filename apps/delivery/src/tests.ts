import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Written by scripts/jest-counts.js for each package. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

interface Failure {
  /** The path within its package. */
  readonly file: string;
  readonly test: string;
  /** The first line of the message. */
  readonly reason: string;
}

/** Failures to name: a summary may have 1 MiB. */
const NAMED = 100;

/** The results of the last `pnpm test` by package, and the failures, as Markdown. */
export function testsMarkdown(repository: string): string {
  const rows = globSync('{packages/*,apps/*,docs,infra}/.jest/counts.json', { cwd: repository })
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

/** Escapes Markdown. */
function asText(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~!@]/g, '\\$&');
}

import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The figures of the last `pnpm test`, by package, as a Markdown table. */
export function testsMarkdown(repository: string): string {
  const rows = globSync('{packages/*,apps/*,infra}/.jest/counts.json', { cwd: repository })
    .sort()
    .map((file) => ({
      folder: dirname(dirname(file)),
      ...(JSON.parse(readFileSync(join(repository, file), 'utf8')) as Counts),
    }));
  const sum = (key: keyof Counts) => rows.reduce((total, row) => total + row[key], 0);
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
  ].join('\n');
}

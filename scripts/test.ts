/**
 * `pnpm test`: every package's tests through turbo, then one line that adds them up. Arguments go to turbo:
 * `pnpm test --filter @records/api`, `pnpm test --force` to run again what has not changed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

interface Counts {
  readonly folder: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly { readonly file: string; readonly test: string; readonly reason: string }[];
}

const root = dirname(import.meta.dirname);
const packages = globSync(['{packages,apps}/*/package.json', '{docs,infra}/package.json'], { cwd: root }).map(
  dirname,
);
const countsFile = (folder: string) => join(root, folder, '.jest', 'counts.json');

for (const folder of packages) rmSync(countsFile(folder), { force: true });

const turbo = spawnSync(
  'turbo',
  [
    'run',
    'test',
    '--continue',
    '--output-logs=new-only',
    // Tests start processes of their own: more packages at a time than cores only makes each slower.
    `--concurrency=${availableParallelism()}`,
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { TURBO_TELEMETRY_DISABLED: '1', ...process.env },
    shell: process.platform === 'win32',
  },
);
if (turbo.error) throw turbo.error;

const counts = packages.filter((folder) => existsSync(countsFile(folder))).map(readCounts);
const sum = (key: 'passed' | 'failed' | 'skipped') => counts.reduce((total, count) => total + count[key], 0);
for (const { folder, failures } of counts)
  for (const { file, test, reason } of failures) console.log(`FAILED ${folder}/${file}: ${test}: ${reason}`);
const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped ? `, ${skipped} skipped` : ''}`);

process.exitCode = turbo.status ?? 1;
if (sum('passed') === 0) process.exitCode ||= 1;

function readCounts(folder: string): Counts {
  return { folder, ...JSON.parse(readFileSync(countsFile(folder), 'utf8')) };
}

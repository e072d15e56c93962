/** pnpm bench:fuzz [REQUESTS]: the property of apps/api/test/hostile.test.ts, with 100,000 requests instead of 2,000. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '../src/paths.ts';

const requests = Number(process.argv[2] ?? 100_000);
if (!Number.isInteger(requests) || requests < 1)
  throw new TypeError('usage: pnpm bench:fuzz [REQUESTS], from 1');
const jest = join(REPOSITORY, 'node_modules', 'jest', 'bin', 'jest.js');
const { status, error } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, 'test/hostile.test.ts'],
  {
    cwd: join(REPOSITORY, 'apps', 'api'),
    stdio: 'inherit',
    env: { ...process.env, FUZZ_REQUESTS: String(requests) },
  },
);
if (error) throw error;
process.exitCode = status ?? 1;

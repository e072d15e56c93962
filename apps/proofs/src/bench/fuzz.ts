import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '../shared/paths.ts';

/** Runs apps/api/test/hostile.test.ts with so many requests. */
export function benchFuzz(requests: number): string[] {
  const jest = join(REPOSITORY, 'node_modules', 'jest', 'bin', 'jest.js');
  const config = join(REPOSITORY, 'jest.config.js');
  const { status, error } = spawnSync(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest],
      ...['--config', config, 'test/hostile.test.ts'],
    ],
    {
      cwd: join(REPOSITORY, 'apps', 'api'),
      stdio: 'inherit',
      env: { ...process.env, FUZZ_REQUESTS: String(requests) },
    },
  );
  if (error) throw error;
  return status === 0 ? [] : ['test/hostile.test.ts failed'];
}

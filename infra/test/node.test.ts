import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { BOOTSTRAP, PLATFORM } from '../plans/projects.ts';
import { cachedPlan } from './support/plan-cache.ts';
import { EVERYTHING } from './support/plans.ts';

/** The oldest Node that the README allows. */
const OLDEST = 20;

/** A Node on the PATH that is older than the workspace's own, and does not strip types. */
function olderNode(): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .find((path) => {
      const { stdout } = spawnSync(path, ['--print', 'process.version + process.features.typescript'], {
        encoding: 'utf8',
      });
      return /^v(20|22)\.\d+\.\d+(undefined|false)$/.test(stdout.trim());
    });
}

const older = olderNode();

describe.each([
  ['a Node that strips no types', [process.execPath, '--no-experimental-strip-types'] as const],
  ['an older Node of this machine', older === undefined ? undefined : ([older] as const)],
])('%s', (_, node) => {
  const test = node ? it : it.skip;

  test.each([
    { project: PLATFORM, settings: EVERYTHING },
    { project: BOOTSTRAP, settings: {} },
  ])(
    'runs the program of $project.name as Pulumi starts it, with the same result',
    async (given) => {
      const { project } = given;
      const settings = { ...project.exampleSettings('prod'), ...given.settings };
      const own = await cachedPlan(project, 'prod', settings);
      expect(await cachedPlan(project, 'prod', settings, node && { node })).toEqual(own);
    },
    240_000,
  );
});

it('the README asks for a Node that the programs run on', () => {
  const readme = readFileSync(join(PLATFORM.directory, '..', 'README.md'), 'utf8');
  expect(/Node(?:\.js)? (\d+)/.exec(readme)?.[1]).toBe(String(OLDEST));
});

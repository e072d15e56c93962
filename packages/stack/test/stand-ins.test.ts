import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { emptyProject, emptyWorld, readCall, StandIns } from '@records/stack/testing';

let standIns: StandIns;

beforeEach(() => {
  const world = emptyWorld();
  world.gcloud.account = 'you@example.com';
  world.gcloud.projects['example-dev'] = { ...emptyProject('42'), buckets: ['example-dev-pulumi-state'] };
  standIns = new StandIns([], world);
});

afterEach(() => standIns[Symbol.dispose]());

const gcloud = (...args: string[]) => standIns.run('gcloud', args);

describe('what stands in for gcloud, gh, Docker and Pulumi refuses', () => {
  it.each([
    ['gcloud', ['projects', 'create', 'a-b-c-d', '--regoin', 'x'], 'unrecognized arguments: --regoin'],
    ['gcloud', ['projects', 'crate', 'a-b-c-d'], 'unknown command: projects crate'],
    ['gh', ['api', 'user', '--jqq', '.id'], 'unrecognized arguments: --jqq'],
    ['docker', ['buildx', 'build', '--provenence=false', '.'], 'unrecognized arguments: --provenence'],
    [
      'pulumi',
      ['stack', 'init', 'dev', '--secret-provider', 'x'],
      'unrecognized arguments: --secret-provider',
    ],
    ['pulumi', ['up', '-s'], '-s needs a value'],
  ] as const)('an unknown word of %s: %j', (program, args, reason) => {
    expect(() => readCall(program, args)).toThrow(reason);
  });

  it('a project that is not there, that nobody pays for, or that is not named', () => {
    expect(gcloud('projects', 'describe', 'example-prod', '--format=json').stderr).toContain(
      'does not have permission to access projects instance [example-prod] (or it may not exist)',
    );
    expect(gcloud('services', 'enable', 'run.googleapis.com', '--project', 'example-dev').stderr).toContain(
      'billing must be enabled',
    );
    expect(gcloud('services', 'enable', 'run.googleapis.com').stderr).toContain(
      '[project] is not currently set',
    );
  });

  it.each([
    ['of nobody', {}, 'PULUMI_ACCESS_TOKEN must be set for login'],
    ['of another stack', { PULUMI_BACKEND_URL: 'gs://example-prod-pulumi-state' }, 'code=NotFound'],
    [
      'without that stack',
      { PULUMI_BACKEND_URL: 'gs://example-dev-pulumi-state' },
      "no stack named 'dev' found",
    ],
  ])('a backend %s', (_, environment, reason) => {
    const infra = new URL('../../../infra', import.meta.url).pathname;
    const { status, stderr } = standIns.run('pulumi', ['--cwd', infra, 'up', '-s', 'dev'], environment);
    expect({ status, stderr }).toEqual({ status: 255, stderr: expect.stringContaining(reason) });
  });
});

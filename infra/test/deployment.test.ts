import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocalCloud, plan } from '@records/local-cloud';
import { PLATFORM } from '../plans/projects.ts';
import { decide, type Left, variablesFor } from '../src/deployment.ts';

const OLD = `host.example/records/api@sha256:${'1'.repeat(64)}`;
const NEW = `host.example/records/api@sha256:${'2'.repeat(64)}`;
const FIRST = 'records-api-00001-abc';
const SECOND = 'records-api-00002-def';

const afterFirst: Left = { image: OLD, revision: FIRST };
const rollout = (stableRevision: string, canaryPercent: number) => ({ stableRevision, canaryPercent });

describe('what a deployment decides', () => {
  it.each<[string, Left, Record<string, string>, ReturnType<typeof decide>]>([
    ['a stack that never had an image', {}, {}, { image: undefined, rollout: undefined }],
    ['nothing', afterFirst, {}, { image: OLD, rollout: undefined }],
    [
      'nothing, during a rollout',
      { ...afterFirst, ...rollout(FIRST, 10) },
      {},
      { image: OLD, rollout: rollout(FIRST, 10) },
    ],
    ['the first image', {}, { DEPLOY_IMAGE: NEW }, { image: NEW, rollout: undefined }],
    ['an empty variable', afterFirst, { DEPLOY_IMAGE: '' }, { image: OLD, rollout: undefined }],
    ['a second image', afterFirst, { DEPLOY_IMAGE: NEW }, { image: NEW, rollout: rollout(FIRST, 100) }],
    ['the same image again', afterFirst, { DEPLOY_IMAGE: OLD }, { image: OLD, rollout: undefined }],
    [
      'the second image again',
      { image: NEW, revision: SECOND, ...rollout(FIRST, 100) },
      { DEPLOY_IMAGE: NEW },
      { image: NEW, rollout: rollout(FIRST, 100) },
    ],
    [
      'another image after a rollback',
      { image: OLD, revision: SECOND, ...rollout(FIRST, 0) },
      { DEPLOY_IMAGE: NEW },
      { image: NEW, rollout: rollout(FIRST, 100) },
    ],
    [
      'an image without requests',
      afterFirst,
      variablesFor(NEW, rollout(FIRST, 0)),
      { image: NEW, rollout: rollout(FIRST, 0) },
    ],
    [
      'every request for the newest',
      { image: NEW, ...rollout(FIRST, 0) },
      { DEPLOY_TRAFFIC: 'LATEST=100' },
      { image: NEW, rollout: undefined },
    ],
  ])('told %s', (_, last, told, decided) => {
    expect(decide(last, told)).toEqual(decided);
  });
});

describe('a stack without an image', () => {
  const { directory } = PLATFORM;
  const lines: string[] = [];

  it('is previewed as a whole, with one warning that names the command', async () => {
    const planned = await plan({
      projectDir: directory,
      stack: 'dev',
      config: PLATFORM.exampleSettings('dev'),
      onEvent: (event) => {
        if (event.type === 'log' && event.severity === 'warning') lines.push(event.message);
      },
    });
    expect(lines).toEqual([
      'stack dev has no image yet: to build and deploy one, run pnpm ops image -s dev --up. Until then a preview shows the API with an unknown image.',
    ]);
    const service = planned.resources.find(({ type }) => type === 'gcp:cloudrunv2/service:Service');
    expect(JSON.stringify(service?.inputs)).toContain('"image":"[known after deployment]"');
    expect(planned.resources.length).toBeGreaterThan(20);
  });

  describe('in an update', () => {
    let cloud: LocalCloud;
    beforeAll(async () => {
      cloud = await LocalCloud.create({ projectId: 'records-local', location: 'southamerica-west1' });
    });
    afterAll(() => cloud.close());

    it('stops in one sentence before anything is made', async () => {
      await expect(cloud.deploy({ projectDir: directory, stack: 'local' })).rejects.toThrow(
        /^stack local has no image yet: to build and deploy one, run pnpm ops image -s local --up$/,
      );
      expect(cloud.iam.grants()).toEqual([]);
    });
  });
});

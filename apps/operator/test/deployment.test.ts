import { describe, expect, it } from '@jest/globals';
import { UserError } from '@records/cli';
import { readDeployment } from '@records/stack';
import { promote, verifyProvenance } from '../src/promote.ts';
import { isUnderWay, rollout } from '../src/rollout.ts';
import { FakePulumi } from './support/fake-pulumi.ts';
import { planAfter, REGION } from './support/plans.ts';

const image = (digit: string) =>
  `${REGION}-docker.pkg.dev/example-prod/records/api@sha256:${digit.repeat(64)}`;
const IMAGE = image('1');

const SERVICE = 'gcp:cloudrunv2/service:Service';
const LATEST = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
const REVISION = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

/** The service as a bare `pulumi up` declares it now, from any checkout. */
async function serviceOf(pulumi: FakePulumi) {
  const plan = await planAfter('prod', pulumi.outputs);
  const service = plan.resources.find(({ type, name }) => type === SERVICE && name === 'records-api');
  if (!service) throw new Error(`the plan has no ${SERVICE} "records-api"`);
  const { inputs, urn } = service;
  const { image, stableRevision, canaryPercent, canaryUrl } = plan.outputs;
  const left = { image, stableRevision, canaryPercent };
  return { urn, traffics: inputs.traffics, image: imageOf(inputs), canaryUrl, left };
}

function imageOf({ template }: Readonly<Record<string, unknown>>): unknown {
  return (template as { containers: { image: string }[] }).containers[0]?.image;
}

describe('a promotion', () => {
  it('deploys an image by its digest, by one pulumi up that is told so', async () => {
    const pulumi = new FakePulumi();
    await promote('dev', IMAGE, pulumi);
    expect(pulumi.ups).toEqual([{ args: ['--stack', 'dev', '--yes'], told: { DEPLOY_IMAGE: IMAGE } }]);
    expect(pulumi.deployed.image).toBe(IMAGE);
  });

  it('of a new stack leaves nothing to go back to', async () => {
    const pulumi = new FakePulumi();
    pulumi.newestRevision = undefined;
    await promote('dev', IMAGE, pulumi);
    expect(pulumi.deployed).toEqual({ image: IMAGE, rollout: undefined });
    const { outputs } = await planAfter('dev', pulumi.outputs);
    expect(outputs).not.toHaveProperty('canaryUrl');
    expect(outputs).toMatchObject({ image: IMAGE });
  });

  it('gives the image every request, and leaves a way back to what served before', async () => {
    const pulumi = new FakePulumi();
    await promote('dev', image('0'), pulumi);
    await promote('dev', IMAGE, pulumi);
    const left = { image: IMAGE, rollout: { stableRevision: 'records-api-00001-abc', canaryPercent: 100 } };
    expect(pulumi.deployed).toEqual(left);
    pulumi.newestRevision = 'records-api-00002-def';
    // A workflow that runs again must not change the way back.
    await promote('dev', IMAGE, pulumi);
    expect(pulumi.deployed).toEqual(left);
    await rollout('dev', { kind: 'back', revision: undefined }, pulumi);
    expect(pulumi.deployed.rollout).toEqual({ stableRevision: 'records-api-00001-abc', canaryPercent: 0 });
  });

  it('ends a rollout that is under way or was taken back, and goes back to the revision that was good', async () => {
    for (const canaryPercent of [0, 10]) {
      const pulumi = new FakePulumi();
      const stableRevision = 'records-api-00001-abc';
      pulumi.deployed = { image: IMAGE, rollout: { stableRevision, canaryPercent } };
      pulumi.newestRevision = 'records-api-00002-bad';
      await promote('dev', image('2'), pulumi);
      expect(pulumi.deployed).toEqual({ image: image('2'), rollout: { stableRevision, canaryPercent: 100 } });
    }
  });

  it('fails for an image without an attestation', async () => {
    // `false` exits with code 1, as gh does.
    await expect(verifyProvenance(IMAGE, 'owner/name', 'false')).rejects.toThrow('ended with exit code 1');
  });
});

describe('a rollout', () => {
  it('gives the new revision no requests, then some, then all, and takes it back with one command; a bare pulumi up keeps each step', async () => {
    const pulumi = new FakePulumi();
    const stableRevision = 'records-api-00001-abc';

    await rollout('prod', { kind: 'start', image: IMAGE }, pulumi);
    const started = await serviceOf(pulumi);
    expect(started).toMatchObject({
      image: IMAGE,
      traffics: [
        { type: REVISION, revision: stableRevision, percent: 100 },
        { type: LATEST, tag: 'canary' },
      ],
      canaryUrl: `https://canary---records-api-123456789012.${REGION}.run.app`,
      left: { image: IMAGE, stableRevision, canaryPercent: 0 },
    });
    pulumi.newestRevision = 'records-api-00002-def';

    await rollout('prod', { kind: 'share', percent: 10 }, pulumi);
    expect(await serviceOf(pulumi)).toMatchObject({
      image: IMAGE,
      traffics: [
        { type: REVISION, revision: stableRevision, percent: 90 },
        { type: LATEST, percent: 10, tag: 'canary' },
      ],
      left: { image: IMAGE, stableRevision, canaryPercent: 10 },
    });

    await rollout('prod', { kind: 'share', percent: 100 }, pulumi);
    expect(await serviceOf(pulumi)).toMatchObject({
      traffics: [{ type: LATEST, percent: 100, tag: 'canary' }],
      left: { image: IMAGE, stableRevision, canaryPercent: 100 },
    });

    await rollout('prod', { kind: 'back', revision: undefined }, pulumi);
    expect(await serviceOf(pulumi)).toMatchObject({
      traffics: [
        { type: REVISION, revision: stableRevision, percent: 100 },
        { type: LATEST, tag: 'canary' },
      ],
      left: { image: IMAGE, stableRevision, canaryPercent: 0 },
    });
    const share = (rest: number) => ({ DEPLOY_TRAFFIC: `${stableRevision}=${rest},LATEST=${100 - rest}` });
    expect(pulumi.ups).toEqual([
      { args: ['--stack', 'prod'], told: { DEPLOY_IMAGE: IMAGE, ...share(100) } },
      { args: ['--stack', 'prod'], told: share(90) },
      { args: ['--stack', 'prod'], told: share(0) },
      {
        // At once, and only the service.
        args: [...['--stack', 'prod', '--yes', '--skip-preview', '--refresh', '--target'], started.urn],
        told: share(100),
      },
    ]);
  });

  it('starts from the serving revision, which is not the newest after a rollback', async () => {
    const pulumi = new FakePulumi();
    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    pulumi.newestRevision = 'records-api-00002-bad';
    await rollout('prod', { kind: 'back', revision: undefined }, pulumi);
    await rollout('prod', { kind: 'start', image: image('2') }, pulumi);
    expect(pulumi.deployed).toEqual({
      image: image('2'),
      rollout: { stableRevision: 'records-api-00001-abc', canaryPercent: 0 },
    });
  });

  it('starts from the newest revision once that one has taken every request', async () => {
    const pulumi = new FakePulumi();
    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    pulumi.newestRevision = 'records-api-00002-def';
    await rollout('prod', { kind: 'share', percent: 100 }, pulumi);
    await rollout('prod', { kind: 'start', image: image('2') }, pulumi);
    expect(pulumi.deployed.rollout?.stableRevision).toBe('records-api-00002-def');
  });

  it('is under way from its start until the new revision takes every request', async () => {
    const pulumi = new FakePulumi();
    const underWay = async () => isUnderWay(await readDeployment('prod', pulumi));
    expect(await underWay()).toBe(false);
    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    expect(await underWay()).toBe(true);
    await rollout('prod', { kind: 'share', percent: 100 }, pulumi);
    expect(await underWay()).toBe(false);
  });

  it('goes back to any named revision', async () => {
    const pulumi = new FakePulumi();
    await rollout('prod', { kind: 'back', revision: 'records-api-00007-xyz' }, pulumi);
    expect(pulumi.deployed.rollout).toEqual({ stableRevision: 'records-api-00007-xyz', canaryPercent: 0 });
  });

  it('refuses a step that makes no sense, and changes nothing', async () => {
    const pulumi = new FakePulumi();
    const refusal = (step: Parameters<typeof rollout>[1]) =>
      rollout('prod', step, pulumi).then(
        () => 'done',
        (error: unknown) => (error instanceof UserError ? `${error.message}. ${error.hint}` : error),
      );
    expect(await refusal({ kind: 'share', percent: 10 })).toBe(
      'no rollout is under way in stack prod. start one: pnpm ops rollout start IMAGE -s prod',
    );
    expect(await refusal({ kind: 'back', revision: undefined })).toContain(
      'name one: pnpm ops rollback REVISION -s prod',
    );
    pulumi.newestRevision = undefined;
    expect(await refusal({ kind: 'start', image: image('1') })).toContain('has no revision yet');
    expect(pulumi.ups).toEqual([]);

    pulumi.newestRevision = 'records-api-00001-abc';
    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    await rollout('prod', { kind: 'share', percent: 10 }, pulumi);
    const before = pulumi.deployed;
    expect(await refusal({ kind: 'start', image: image('2') })).toContain('a rollout is under way');
    expect(pulumi.deployed).toEqual(before);
  });
});

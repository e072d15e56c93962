import { describe, expect, it } from '@jest/globals';
import { UserError } from '@records/cli';
import { lastDeployment, readDeployment, recall } from '@records/stack';
import { apply } from '../src/apply.ts';
import { promote, verifyProvenance } from '../src/promote.ts';
import { isUnderWay, rollout } from '../src/rollout.ts';
import { planOf, REGION } from './support/plans.ts';
import { SettingsOnly } from './support/settings-only.ts';

const image = (digit: string) =>
  `${REGION}-docker.pkg.dev/example-prod/records/api@sha256:${digit.repeat(64)}`;
const IMAGE = image('1');

const SERVICE = 'gcp:cloudrunv2/service:Service';
const LATEST = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
const REVISION = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

async function serviceOf(pulumi: SettingsOnly) {
  const plan = await planOf('prod', pulumi.settings);
  const service = plan.resources.find(({ type, name }) => type === SERVICE && name === 'records-api');
  if (!service) throw new Error(`the plan has no ${SERVICE} "records-api"`);
  const { inputs, urn } = service;
  return { urn, traffics: inputs.traffics, image: imageOf(inputs), canaryUrl: plan.outputs.canaryUrl };
}

function imageOf({ template }: Readonly<Record<string, unknown>>): unknown {
  return (template as { containers: { image: string }[] }).containers[0]?.image;
}

/** A working copy of the same stack: its own settings file, the same state. */
function freshCheckout({ history, newestRevision }: SettingsOnly): SettingsOnly {
  const copy = new SettingsOnly();
  copy.history.push(...history);
  copy.newestRevision = newestRevision;
  return copy;
}

describe('a promotion', () => {
  it('deploys an image by its digest and refuses a tag', async () => {
    const pulumi = new SettingsOnly();
    await expect(promote('dev', 'host/project/records/api:latest', pulumi)).rejects.toThrow('by its digest');
    expect(pulumi.ups).toEqual([]);
    await promote('dev', IMAGE, pulumi);
    expect(pulumi.settings.image).toBe(IMAGE);
    expect(pulumi.ups).toEqual([['--stack', 'dev', '--yes']]);
  });

  it('of a new stack leaves nothing to go back to', async () => {
    const pulumi = new SettingsOnly();
    pulumi.newestRevision = undefined;
    await promote('dev', IMAGE, pulumi);
    expect(pulumi.settings).toEqual({ image: IMAGE, stableRevision: '', canaryPercent: '0' });
    const { outputs } = await planOf('dev', pulumi.settings);
    expect(outputs).not.toHaveProperty('canaryUrl');
  }, 120_000);

  it('gives the image every request, and leaves a way back to what served before, from any checkout', async () => {
    const pulumi = new SettingsOnly();
    await promote('dev', IMAGE, pulumi);
    expect(pulumi.settings).toEqual({
      ...{ image: IMAGE, stableRevision: 'records-api-00001-abc', canaryPercent: '100' },
    });
    pulumi.newestRevision = 'records-api-00002-def';
    // A workflow that runs again must not change the way back.
    await promote('dev', IMAGE, pulumi);
    const later = freshCheckout(pulumi);
    await recall('dev', later);
    await rollout('dev', { kind: 'back', revision: undefined }, later);
    expect(later.settings).toMatchObject({ stableRevision: 'records-api-00001-abc', canaryPercent: '0' });
  });

  it('ends a rollout that is under way or was taken back, and goes back to the revision that was good', async () => {
    for (const percent of ['0', '10']) {
      const pulumi = new SettingsOnly();
      const stableRevision = 'records-api-00001-abc';
      Object.assign(pulumi.settings, { image: IMAGE, stableRevision, canaryPercent: percent });
      pulumi.newestRevision = 'records-api-00002-bad';
      await promote('dev', image('2'), pulumi);
      expect(pulumi.settings).toEqual({ image: image('2'), stableRevision, canaryPercent: '100' });
    }
  });

  it('fails for an image without an attestation', async () => {
    // `false` exits with code 1, as gh does.
    await expect(verifyProvenance(IMAGE, 'owner/name', 'false')).rejects.toThrow('ended with exit code 1');
  });
});

describe('applying a change of the infrastructure', () => {
  it('keeps the image and the traffic of the last deployment, whatever the working copy has', async () => {
    const pulumi = new SettingsOnly();
    await rollout('prod', { kind: 'start', image: IMAGE }, pulumi);
    const deployed = { ...pulumi.settings };
    const stale = freshCheckout(pulumi);
    stale.settings.image = image('0');
    expect(await apply('prod', stale, ['--refresh'])).toBe(
      `${image('0')} was set and is not deployed: ${IMAGE} runs. To deploy it: pnpm ops promote ${image('0')} -s prod`,
    );
    expect(stale.settings).toEqual(deployed);
    expect(stale.ups).toEqual([['--stack', 'prod', '--refresh']]);
    expect(await apply('prod', freshCheckout(pulumi))).toBeUndefined();
  });
});

describe('the last deployment', () => {
  const update = (result: string, image: string) => ({
    ...{ kind: 'update', result },
    config: { 'records-platform:image': { value: image }, 'records-platform:logLevel': { value: 'debug' } },
  });

  it('names the running image, despite any number of failed updates after it', async () => {
    const pulumi = new SettingsOnly();
    pulumi.history.push(...Array(250).fill(update('failed', 'bad')), update('succeeded', IMAGE));
    expect(await recall('prod', pulumi)).toEqual({ image: IMAGE });
    expect(pulumi.settings).toEqual({ image: IMAGE });
  });

  it('is missing in a stack that is new, or that failed from the start', async () => {
    const pulumi = new SettingsOnly();
    expect(await lastDeployment('new', pulumi)).toEqual({});
    pulumi.history.push(update('failed', 'bad'));
    expect(await lastDeployment('new', pulumi)).toEqual({});
  });

  it('is searched for in a thousand updates at most', async () => {
    const pulumi = new SettingsOnly();
    pulumi.history.push(...Array(2_000).fill(update('failed', 'bad')));
    await expect(lastDeployment('prod', pulumi)).rejects.toThrow(
      'none of the last 1000 updates of stack prod succeeded',
    );
  });
});

describe('a rollout', () => {
  it('gives the new revision no requests, then some, then all, and takes it back with one command', async () => {
    const pulumi = new SettingsOnly();

    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    const started = await serviceOf(pulumi);
    expect(started).toMatchObject({
      image: image('1'),
      traffics: [
        { type: REVISION, revision: 'records-api-00001-abc', percent: 100 },
        { type: LATEST, tag: 'canary' },
      ],
      canaryUrl: `https://canary---records-api-123456789012.${REGION}.run.app`,
    });
    pulumi.newestRevision = 'records-api-00002-def';

    await rollout('prod', { kind: 'share', percent: 10 }, pulumi);
    expect(await serviceOf(pulumi)).toMatchObject({
      image: image('1'),
      traffics: [
        { type: REVISION, revision: 'records-api-00001-abc', percent: 90 },
        { type: LATEST, percent: 10, tag: 'canary' },
      ],
    });

    await rollout('prod', { kind: 'share', percent: 100 }, pulumi);
    expect(await serviceOf(pulumi)).toMatchObject({
      traffics: [{ type: LATEST, percent: 100, tag: 'canary' }],
    });

    await rollout('prod', { kind: 'back', revision: undefined }, pulumi);
    expect(await serviceOf(pulumi)).toMatchObject({
      traffics: [
        { type: REVISION, revision: 'records-api-00001-abc', percent: 100 },
        { type: LATEST, tag: 'canary' },
      ],
    });
    const asUsual = ['--stack', 'prod'];
    expect(pulumi.ups).toEqual([
      ...[asUsual, asUsual, asUsual],
      // At once, and only the service.
      [...['--stack', 'prod', '--yes', '--skip-preview', '--refresh', '--target'], started.urn],
    ]);
  }, 120_000);

  it('starts from the serving revision, which is not the newest after a rollback', async () => {
    const pulumi = new SettingsOnly();
    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    pulumi.newestRevision = 'records-api-00002-bad';
    await rollout('prod', { kind: 'back', revision: undefined }, pulumi);
    await rollout('prod', { kind: 'start', image: image('2') }, pulumi);
    expect(pulumi.settings).toEqual({
      image: image('2'),
      stableRevision: 'records-api-00001-abc',
      canaryPercent: '0',
    });
  });

  it('starts from the newest revision once that one has taken every request', async () => {
    const pulumi = new SettingsOnly();
    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    pulumi.newestRevision = 'records-api-00002-def';
    await rollout('prod', { kind: 'share', percent: 100 }, pulumi);
    await rollout('prod', { kind: 'start', image: image('2') }, pulumi);
    expect(pulumi.settings.stableRevision).toBe('records-api-00002-def');
  });

  it('is under way from its start until the new revision takes every request', async () => {
    const pulumi = new SettingsOnly();
    const underWay = async () => isUnderWay(await readDeployment('prod', pulumi));
    expect(await underWay()).toBe(false);
    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    expect(await underWay()).toBe(true);
    await rollout('prod', { kind: 'share', percent: 100 }, pulumi);
    expect(await underWay()).toBe(false);
  });

  it('goes back to any named revision', async () => {
    const pulumi = new SettingsOnly();
    await rollout('prod', { kind: 'back', revision: 'records-api-00007-xyz' }, pulumi);
    expect(pulumi.settings).toEqual({ stableRevision: 'records-api-00007-xyz', canaryPercent: '0' });
  });

  it('refuses a step that makes no sense, and changes nothing', async () => {
    const pulumi = new SettingsOnly();
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
    expect(pulumi.settings).toEqual({});

    pulumi.newestRevision = 'records-api-00001-abc';
    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    await rollout('prod', { kind: 'share', percent: 10 }, pulumi);
    const before = { ...pulumi.settings };
    expect(await refusal({ kind: 'start', image: image('2') })).toContain('a rollout is under way');
    expect(pulumi.settings).toEqual(before);
  });
});

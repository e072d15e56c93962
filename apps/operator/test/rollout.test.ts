import { describe, expect, it } from '@jest/globals';
import { UserError } from '@records/cli';
import { readDeployment } from '@records/stack';
import { isUnderWay, rollout } from '../src/rollout.ts';
import { planOf, REGION } from './support/plans.ts';
import { SettingsOnly } from './support/settings-only.ts';

const SERVICE = 'gcp:cloudrunv2/service:Service';
const LATEST = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
const REVISION = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

const image = (digit: string) =>
  `${REGION}-docker.pkg.dev/example-prod/records/api@sha256:${digit.repeat(64)}`;

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

describe('a rollout', () => {
  it('gives the new revision no requests, then some, then all, and takes it back with one command', async () => {
    const pulumi = new SettingsOnly();

    await rollout('prod', { kind: 'start', image: image('1') }, pulumi);
    const started = await serviceOf(pulumi);
    expect(started).toMatchObject({
      image: image('1'),
      traffics: [
        { type: REVISION, revision: 'records-api-00001-abc', percent: 100 },
        { type: LATEST, percent: 0, tag: 'canary' },
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
        { type: LATEST, percent: 0, tag: 'canary' },
      ],
    });
    const underPolicies = ['--stack', 'prod', '--policy-pack', 'policies'];
    expect(pulumi.ups).toEqual([
      ...[underPolicies, underPolicies, underPolicies],
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

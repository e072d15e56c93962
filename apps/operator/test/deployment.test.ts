import { describe, expect, it } from '@jest/globals';
import { lastDeployment, recall } from '@records/stack';
import { apply } from '../src/apply.ts';
import { promote, verifyProvenance } from '../src/promote.ts';
import { rollout } from '../src/rollout.ts';
import { planOf } from './support/plans.ts';
import { SettingsOnly } from './support/settings-only.ts';

const image = (digit: string) =>
  `southamerica-west1-docker.pkg.dev/example-prod/records/api@sha256:${digit.repeat(64)}`;
const IMAGE = image('1');
const POLICIES = ['--policy-pack', 'policies'];

/** A working copy of the same stack: its own settings file, the same state. */
function freshCheckout({ history, newestRevision }: SettingsOnly): SettingsOnly {
  const copy = new SettingsOnly();
  copy.history.push(...history);
  copy.newestRevision = newestRevision;
  return copy;
}

describe('a promotion', () => {
  it('deploys an image by its digest, under the policies, and refuses a tag', async () => {
    const pulumi = new SettingsOnly();
    await expect(promote('dev', 'host/project/records/api:latest', pulumi)).rejects.toThrow('by its digest');
    expect(pulumi.ups).toEqual([]);
    await promote('dev', IMAGE, pulumi);
    expect(pulumi.settings.image).toBe(IMAGE);
    expect(pulumi.ups).toEqual([['--stack', 'dev', '--yes', ...POLICIES]]);
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
  it('keeps the image and the traffic of the last deployment, whatever the working copy has, under the policies', async () => {
    const pulumi = new SettingsOnly();
    await rollout('prod', { kind: 'start', image: IMAGE }, pulumi);
    const deployed = { ...pulumi.settings };
    const stale = freshCheckout(pulumi);
    stale.settings.image = image('0');
    expect(await apply('prod', stale, ['--refresh'])).toBe(
      `${image('0')} was set and is not deployed: ${IMAGE} runs. To deploy it: pnpm ops promote ${image('0')} -s prod`,
    );
    expect(stale.settings).toEqual(deployed);
    expect(stale.ups).toEqual([['--stack', 'prod', '--refresh', ...POLICIES]]);
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

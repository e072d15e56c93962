import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeploymentError, LocalCloud } from '@records/local-cloud';
import { INFRA } from '@records/stack';
import { cachedPlan } from './support/plan-cache.ts';
import { REGION } from './support/plans.ts';

const PROJECT = 'example-policies';
const directory = join(INFRA, 'test', 'programs', 'policies');
const config = (settings: Record<string, string>) => ({
  'gcp:project': PROJECT,
  'gcp:region': REGION,
  ...settings,
});
const linesOf = (error: unknown) =>
  error instanceof Error ? error.message.split('\n').map((line) => line.trim()) : ['accepted'];

const GRANT =
  'no-basic-roles: gcp:projects/iAMMember:IAMMember "grant" grants the basic role roles/editor to serviceAccount:reader@example-policies.iam.gserviceaccount.com: grant a predefined role';
const KEY =
  'no-service-account-keys: gcp:serviceaccount/key:Key "key" creates a key: impersonate the account instead';
const TITLE = (stack: string) => `Stack "${stack}" breaks the policies in infra/policies:`;

describe('a preview', () => {
  const mistakesOf = (settings: Record<string, string>) =>
    cachedPlan(
      { directory, name: 'records-policies', exampleSettings: () => ({}) },
      'dev',
      config(settings),
    ).then(() => ['accepted'], linesOf);

  it('accepts what breaks no rule, also with values that are not known yet', async () => {
    expect(await mistakesOf({})).toEqual(['accepted']);
  });

  it('refuses all violations at once, each with its rule, its resource and what to do', async () => {
    const settings = { role: 'roles/editor', key: 'true', password: 'true', image: 'host/api:latest' };
    const service = 'gcp:cloudrunv2/service:Service "service"';
    expect(await mistakesOf(settings)).toEqual([
      TITLE('dev'),
      `images-by-digest: ${service} runs host/api:latest: name the image by its digest`,
      GRANT,
      `no-plain-secrets: ${service} has a secret in DB_PASSWORD: give it a valueSource with a secretKeyRef`,
      KEY,
    ]);
  });

  it('refuses a stack that breaks a rule as a whole', async () => {
    expect(await mistakesOf({ unread: 'true' })).toEqual([
      TITLE('dev'),
      `dead-letters-are-kept: gcp:pubsub/subscription:Subscription "source" sends dead letters to projects/${PROJECT}/topics/dead-letters, which has no subscription: declare one`,
    ]);
  });
});

describe('an update', () => {
  let cloud: LocalCloud;
  beforeAll(async () => {
    cloud = await LocalCloud.create({ projectId: PROJECT, location: REGION });
  });
  afterAll(() => cloud.close());

  it('registers neither what breaks a rule nor what depends on it', async () => {
    const settings = { role: 'roles/editor', key: 'true' };
    const error = await cloud
      .deploy({ projectDir: directory, stack: 'dev', config: config(settings) })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DeploymentError);
    const lines = linesOf(error);
    expect(lines).toEqual(expect.arrayContaining([TITLE('dev'), GRANT, KEY]));
    expect(cloud.iam.grants().map(({ role }) => role)).not.toContain('roles/editor');
  });
});

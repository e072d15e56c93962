import { describe, expect, it } from '@jest/globals';
import { PLATFORM } from '../plans/projects.ts';
import { decide, ToldError } from '../src/deployment.ts';
import { gibFor, pricesIn } from '../src/prices.ts';
import { cachedPlan } from './support/plan-cache.ts';
import { planOf } from './support/plans.ts';

const UNSET = 'Run: pnpm pulumi config rm -s dev';
const SET = 'Run: pnpm pulumi config set -s dev';

/** The lines of the error with which the program refuses a configuration of stack dev. */
async function mistakesOf(config: Record<string, string>): Promise<string[]> {
  const error = await planOf('dev', config).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('the configuration is accepted');
  return error.message.split('\n').map((line) => line.trim());
}

const TITLE = 'The configuration of stack "dev" is invalid:';

describe('a configuration with mistakes', () => {
  it('reports all of them at once, each with its rule and fix', async () => {
    const mistakes = await mistakesOf({
      'gcp:project': 'My Project',
      'gcp:region': '',
      publishers: '["crm@example.com"]',
      invokers: '["allUsers"]',
      maxInstances: '1000',
      minInstances: '-1',
      concurrency: '0',
      cpuAllocation: 'sometimes',
      requestTimeoutSeconds: '3601',
      freshnessSeconds: '0',
      listBudgetUsd: '0',
      lookupBudgetUsd: '0',
      listTimePercent: '101',
      logLevel: 'loud',
      otlpEndpoint: 'localhost:4318',
      schedulerRegion: 'Chile',
      access: 'friends',
      monitoring: 'true',
      ticketChannels: '["oncall@example.com"]',
      billingAccount: 'mine',
    });
    expect(mistakes).toEqual([
      TITLE,
      `gcp:project is "My Project": it must be the id of a Google Cloud project: 6 to 30 lower-case letters, digits and hyphens. ${SET} gcp:project VALUE`,
      `gcp:region is not set: it must be a region such as southamerica-west1. ${SET} gcp:region VALUE`,
      'publishers is ["crm@example.com"]: it must be a list of IAM members such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com. Write it under config: in Pulumi.dev.yaml.',
      `maxInstances is 1000: it must be an integer from 1 to 100. ${SET} maxInstances VALUE`,
      `minInstances is -1: it must be an integer from 0 to 1000. ${SET} minInstances VALUE`,
      `concurrency is 0: it must be an integer from 1 to 1000. ${SET} concurrency VALUE`,
      `cpuAllocation is "sometimes": it must be one of request, always. ${SET} cpuAllocation VALUE`,
      `requestTimeoutSeconds is 3601: it must be an integer from 1 to 3600. ${SET} requestTimeoutSeconds VALUE`,
      `freshnessSeconds is 0: it must be an integer from 1 to 3600. ${SET} freshnessSeconds VALUE`,
      `listBudgetUsd is 0: it must be an integer from 1 to 1000000. ${SET} listBudgetUsd VALUE`,
      `lookupBudgetUsd is 0: it must be an integer from 1 to 1000000. ${SET} lookupBudgetUsd VALUE`,
      `listTimePercent is 101: it must be an integer from 1 to 100. ${SET} listTimePercent VALUE`,
      `logLevel is "loud": it must be one of trace, debug, info, warn, error, fatal. ${SET} logLevel VALUE`,
      `otlpEndpoint is "localhost:4318": it must be a URL that starts with http:// or https://. ${SET} otlpEndpoint VALUE`,
      `access is "friends": it must be one of public, private, load-balancer. ${SET} access VALUE`,
      'invokers is ["allUsers"]: it must be a list of IAM members such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com. Write it under config: in Pulumi.dev.yaml.',
      `schedulerRegion is "Chile": it must be a region such as southamerica-west1. ${SET} schedulerRegion VALUE`,
      'ticketChannels is ["oncall@example.com"]: it must be a list of notification channels such as projects/PROJECT/notificationChannels/NUMBER. Write it under config: in Pulumi.dev.yaml.',
      `billingAccount is "mine": it must be the id of a billing account, such as 012345-6789AB-CDEF01. ${SET} billingAccount VALUE`,
    ]);
  });

  it('refuses settings without effect', async () => {
    expect(
      await mistakesOf({
        access: 'public',
        invokers: '["user:ana@example.com"]',
        domain: 'records.example.com',
        minInstances: '3',
        maxInstances: '2',
        pageChannels: '["projects/example-dev/notificationChannels/1"]',
      }),
    ).toEqual([
      TITLE,
      `minInstances is 3: it must be an integer from 0 to 2. ${SET} minInstances VALUE`,
      `invokers has no effect: access is public, so anybody may call the API. ${UNSET} invokers`,
      `domain has no effect: access is public, and only a load balancer has a domain. ${UNSET} domain`,
      `pageChannels has no effect: monitoring is false, so nothing notifies. ${UNSET} pageChannels`,
    ]);
  });

  it('refuses a load balancer without a domain', async () => {
    expect(await mistakesOf({ access: 'load-balancer' })).toEqual([
      TITLE,
      `domain is not set: it must be a host name of yours, such as records.example.com, when access is load-balancer. ${SET} domain VALUE`,
    ]);
  });
});

it.each([
  ['us-central1', 30, 4_915],
  ['southamerica-west1', 30, 3_437],
  ['southamerica-east1', 30, 2_730],
  // Its price is not known here, so it counts as the dearest.
  ['asia-south1', 30, 2_730],
  ['asia-south1', 60, 5_461],
])('in %s, a budget of %d USD buys %d GiB a month', (region, usd, gib) => {
  expect(gibFor(usd, pricesIn(region).query.usd)).toBe(gib);
});

it('the lists get what their budget buys, and each of four instances a fourth of what that of look-ups buys', async () => {
  const planned = await planOf('dev', {
    'gcp:region': 'us-central1',
    listBudgetUsd: '30',
    lookupBudgetUsd: '30',
    maxInstances: '4',
  });
  const service = planned.resources.find(({ type }) => type === 'gcp:cloudrunv2/service:Service');
  const inputs = JSON.stringify(service?.inputs);
  expect(inputs).toContain('{"name":"LIST_GIB_PER_MONTH","value":"4915"}');
  expect(inputs).toContain('{"name":"LOOKUP_GIB_PER_MONTH","value":"1228"}');
});

it('a quota of queries that the API itself could exhaust is refused, and another is declared in MiB', async () => {
  const key = 'queryGibPerAccountPerDay';
  expect(await mistakesOf({ [key]: '190' })).toEqual([
    TITLE,
    `${key} is 190: it must be 0 for no limit, or at least 191, what the API itself may bill a day (listBudgetUsd, lookupBudgetUsd). ${SET} ${key} VALUE`,
  ]);
  const { resources } = await planOf('dev', { [key]: '191' });
  const quota = resources.find(({ type }) => type.startsWith('gcp:serviceusage/'));
  expect(quota?.inputs).toEqual({
    project: 'example-dev',
    service: 'bigquery.googleapis.com',
    metric: 'bigquery.googleapis.com%2Fquota%2Fquery%2Fusage',
    limit: '%2Fd%2Fproject%2Fuser',
    overrideValue: String(191 * 1024),
    force: true,
  });
});

it('a stack without a project names the command that sets it', async () => {
  await expect(cachedPlan(PLATFORM, 'prod', {})).rejects.toThrow('pulumi config set -s prod gcp:project');
});

describe('a deployment that is told', () => {
  const tag = 'southamerica-west1-docker.pkg.dev/example-dev/records/api:latest';
  const notByDigest = `DEPLOY_IMAGE is "${tag}": it must be an image by its digest, such as HOST/PROJECT/REPOSITORY/api@sha256:…`;
  const notWhole = (traffic: string) =>
    `DEPLOY_TRAFFIC is "${traffic}": it must be REVISION=PERCENT,LATEST=PERCENT with 100 percent in all, or LATEST=100`;

  it.each([
    [{ DEPLOY_IMAGE: tag }, notByDigest],
    [
      { DEPLOY_TRAFFIC: 'records-api-00001-abc=90,LATEST=20' },
      notWhole('records-api-00001-abc=90,LATEST=20'),
    ],
    [{ DEPLOY_TRAFFIC: 'LATEST=10' }, notWhole('LATEST=10')],
  ])('%j is refused', (told, message) => {
    expect(() => decide({}, told)).toThrow(new ToldError(message));
  });

  it('a tag fails the program with that message alone', async () => {
    const environment = { DEPLOY_IMAGE: tag };
    const plan = cachedPlan(PLATFORM, 'dev', PLATFORM.exampleSettings('dev'), { environment });
    await expect(plan).rejects.toThrow(new Error(notByDigest));
  });
});

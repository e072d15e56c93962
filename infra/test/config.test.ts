import { describe, expect, it } from '@jest/globals';
import { plan } from '@records/local-cloud';
import { PLATFORM } from '../plans/projects.ts';
import { planOf } from './support/plans.ts';

const UNSET = 'pulumi config rm -s dev';
const SET = 'pulumi config set -s dev';

/** The lines of the error by which the program refuses a configuration of stack dev. */
async function mistakesOf(config: Record<string, string>): Promise<string[]> {
  const error = await planOf('dev', config).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('the configuration is accepted');
  return error.message.split('\n').map((line) => line.trim());
}

const TITLE = 'The configuration of stack "dev" is not right:';

describe('a configuration with mistakes', () => {
  it('is refused with all of them at once, each with the rule and the way out', async () => {
    const mistakes = await mistakesOf({
      'gcp:region': '',
      image: 'southamerica-west1-docker.pkg.dev/example-dev/records/api:latest',
      publishers: '["crm@example.com"]',
      invokers: '["allUsers"]',
      maxInstances: '1000',
      minInstances: '-1',
      concurrency: '0',
      cpuAllocation: 'sometimes',
      requestTimeoutSeconds: '3601',
      freshnessSeconds: '0',
      logLevel: 'loud',
      access: 'friends',
      stableRevision: 'Records API',
      canaryPercent: '101',
      monitoring: 'true',
      ticketChannels: '["oncall@example.com"]',
      billingAccount: 'mine',
    });
    expect(mistakes).toEqual([
      TITLE,
      `gcp:region is not set: it must be a region such as southamerica-west1. ${SET} gcp:region …`,
      'publishers is ["crm@example.com"]: it must be a list of IAM members such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com. Write it under config: in Pulumi.dev.yaml.',
      `maxInstances is 1000: it must be an integer from 1 to 100. ${SET} maxInstances …`,
      'image is "southamerica-west1-docker.pkg.dev/example-dev/records/api:latest": it must be an image by its digest, such as HOST/PROJECT/REPOSITORY/api@sha256:…. To build one and set it: pnpm ops image -s dev',
      `minInstances is -1: it must be an integer from 0 to 1000. ${SET} minInstances …`,
      `concurrency is 0: it must be an integer from 1 to 1000. ${SET} concurrency …`,
      `cpuAllocation is "sometimes": it must be one of request, always. ${SET} cpuAllocation …`,
      `requestTimeoutSeconds is 3601: it must be an integer from 1 to 3600. ${SET} requestTimeoutSeconds …`,
      `freshnessSeconds is 0: it must be an integer from 1 to 3600. ${SET} freshnessSeconds …`,
      `logLevel is "loud": it must be one of trace, debug, info, warn, error, fatal. ${SET} logLevel …`,
      `canaryPercent is 101: it must be an integer from 0 to 100. ${SET} canaryPercent …`,
      `stableRevision is "Records API": it must be the name of a revision of the service, such as records-api-00002-abc. ${SET} stableRevision …`,
      `access is "friends": it must be one of public, private, load-balancer. ${SET} access …`,
      'invokers is ["allUsers"]: it must be a list of IAM members such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com. Write it under config: in Pulumi.dev.yaml.',
      'ticketChannels is ["oncall@example.com"]: it must be a list of notification channels such as projects/PROJECT/notificationChannels/NUMBER. Write it under config: in Pulumi.dev.yaml.',
      `billingAccount is "mine": it must be the id of a billing account, such as 012345-6789AB-CDEF01. ${SET} billingAccount …`,
    ]);
  }, 120_000);

  it('is refused when a setting would have no effect', async () => {
    expect(
      await mistakesOf({
        access: 'public',
        invokers: '["user:ana@example.com"]',
        domain: 'records.example.com',
        canaryPercent: '10',
        minInstances: '3',
        maxInstances: '2',
        pageChannels: '["projects/example-dev/notificationChannels/1"]',
      }),
    ).toEqual([
      TITLE,
      `minInstances is 3: it must be an integer from 0 to 2. ${SET} minInstances …`,
      `canaryPercent is set, and without stableRevision there is nothing to share the requests with. ${UNSET} canaryPercent`,
      `invokers is set, and access is public: anybody may call the API. ${UNSET} invokers`,
      `domain is set, and access is public: only a load balancer has a domain. ${UNSET} domain`,
      `pageChannels is set, and monitoring is false, so nothing notifies. ${UNSET} pageChannels`,
    ]);
  }, 120_000);

  it('is refused when a load balancer has no domain', async () => {
    expect(await mistakesOf({ access: 'load-balancer' })).toEqual([
      TITLE,
      `domain is not set: it must be a host name of yours, such as records.example.com, when access is load-balancer. ${SET} domain …`,
    ]);
  }, 120_000);
});

it('a stack that nobody has configured says what is missing', async () => {
  const { 'gcp:project': project = '', image = '' } = PLATFORM.exampleSettings('prod');
  const start = (config: Record<string, string>) =>
    plan({ projectDir: PLATFORM.directory, stack: 'prod', config });
  await expect(start({ image })).rejects.toThrow('pulumi config set -s prod gcp:project');
  await expect(start({ 'gcp:project': project })).rejects.toThrow('pulumi config set -s prod image');
}, 120_000);

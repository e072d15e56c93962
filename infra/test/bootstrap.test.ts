import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '@records/local-cloud';
import { dependenciesOf, inputsByName, planBootstrap, REGION, resourceOf } from './support/plans.ts';

const PROJECT = 'example-prod';
const labels = { system: 'records', stack: 'prod' };
const REPOSITORY = "assertion.repository_owner_id == '1001' && assertion.repository_id == '2002'";
const POOL = 'projects/123456789012/locations/global/workloadIdentityPools/github';
const KEY = `projects/${PROJECT}/locations/${REGION}/keyRings/pulumi-state/cryptoKeys/secrets`;

const account = (id: string) => `serviceAccount:${id}@${PROJECT}.iam.gserviceaccount.com`;

/** A member's roles by the resource that they are on. */
function rolesOf({ resources }: Plan, member: string): Record<string, string[]> {
  const held = resources.filter(({ inputs }) => inputs.member === member);
  const on = Map.groupBy(held, ({ inputs }) =>
    String(inputs.project ?? inputs.bucket ?? inputs.cryptoKeyId ?? inputs.repository),
  );
  return Object.fromEntries([...on].map(([key, grants]) => [key, grants.map(roleOf).sort()]));
}

function roleOf({ inputs }: Plan['resources'][number]): string {
  return String(inputs.role);
}

let planned: Plan;

beforeAll(async () => {
  planned = await planBootstrap();
});

describe('a prepared project', () => {
  it('enables the services first and never disables them', () => {
    const services = inputsByName(planned, 'gcp:projects/service:Service');
    expect(Object.keys(services).sort()).toEqual([
      'artifactregistry',
      'bigquery',
      'billingbudgets',
      'cloudkms',
      'cloudresourcemanager',
      'cloudscheduler',
      'iam',
      'iamcredentials',
      'logging',
      'monitoring',
      'pubsub',
      'run',
      'secretmanager',
      'serviceusage',
      'storage',
      'sts',
    ]);
    expect(services.run).toEqual({ service: 'run.googleapis.com' });
    const state = resourceOf(planned, 'records:bootstrap:PulumiState', 'pulumi-state');
    expect(dependenciesOf(planned, state)).toEqual(expect.arrayContaining(['run', 'storage', 'cloudkms']));
  });

  it('keeps every state for months in a bucket that cannot become public', () => {
    expect(inputsByName(planned, 'gcp:storage/bucket:Bucket')).toEqual({
      'pulumi-state': {
        name: `${PROJECT}-pulumi-state`,
        location: REGION,
        uniformBucketLevelAccess: true,
        publicAccessPrevention: 'enforced',
        versioning: { enabled: true },
        lifecycleRules: [
          { action: { type: 'Delete' }, condition: { numNewerVersions: 100, daysSinceNoncurrentTime: 90 } },
        ],
        labels,
      },
    });
  });

  it('encrypts secrets with a regional key that is rotated every 90 days', () => {
    expect(inputsByName(planned, 'gcp:kms/cryptoKey:CryptoKey')).toEqual({
      'pulumi-state-secrets': {
        name: 'secrets',
        keyRing: `projects/${PROJECT}/locations/${REGION}/keyRings/pulumi-state`,
        purpose: 'ENCRYPT_DECRYPT',
        rotationPeriod: '7776000s',
        destroyScheduledDuration: '2592000s',
        labels,
      },
    });
  });

  it('keeps the fifty newest images and deletes older ones', () => {
    expect(inputsByName(planned, 'gcp:artifactregistry/repository:Repository').records).toMatchObject({
      repositoryId: 'records',
      location: REGION,
      format: 'DOCKER',
      cleanupPolicies: [
        { id: 'keep-newest', action: 'KEEP', mostRecentVersions: { keepCount: 50 } },
        { action: 'DELETE', condition: { tagState: 'UNTAGGED', olderThan: '1209600s' } },
        { action: 'DELETE', condition: { tagState: 'ANY', olderThan: '31536000s' } },
      ],
      labels,
    });
  });

  it('outputs where everything is', () => {
    expect(planned.outputs).toEqual({
      stateUrl: `gs://${PROJECT}-pulumi-state`,
      secretsProvider: `gcpkms://${KEY}`,
      registryHost: `${REGION}-docker.pkg.dev`,
      planProvider: `${POOL}/providers/plan`,
      planAccount: `records-plan@${PROJECT}.iam.gserviceaccount.com`,
      deployProvider: `${POOL}/providers/deploy`,
      deployAccount: `records-deploy@${PROJECT}.iam.gserviceaccount.com`,
    });
  });
});

describe('workflows of GitHub', () => {
  const providers = () =>
    inputsByName(planned, 'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider');

  it('sign in by the numbers of the repository, to plan from any branch and to deploy from one', () => {
    const common = {
      workloadIdentityPoolId: 'github',
      oidc: { issuerUri: 'https://token.actions.githubusercontent.com' },
    };
    expect(providers()).toEqual({
      'github-plan': {
        ...common,
        workloadIdentityPoolProviderId: 'plan',
        attributeMapping: {
          'google.subject': 'assertion.sub',
          'attribute.plans': 'assertion.repository_id',
        },
        attributeCondition: REPOSITORY,
      },
      'github-deploy': {
        ...common,
        workloadIdentityPoolProviderId: 'deploy',
        attributeMapping: {
          'google.subject': 'assertion.sub',
          'attribute.deploys': 'assertion.repository_id',
        },
        attributeCondition: `${REPOSITORY} && assertion.ref == 'refs/heads/main' && assertion.environment == 'prod'`,
      },
    });
  });

  it('act only as the account of their provider', () => {
    const impersonators = inputsByName(planned, 'gcp:serviceaccount/iAMMember:IAMMember');
    const set = (attribute: string) =>
      `principalSet://iam.googleapis.com/${POOL}/attribute.${attribute}/2002`;
    expect(impersonators).toEqual({
      'records-plan-impersonator': {
        serviceAccountId: `projects/${PROJECT}/serviceAccounts/records-plan@${PROJECT}.iam.gserviceaccount.com`,
        role: 'roles/iam.workloadIdentityUser',
        member: set('plans'),
      },
      'records-deploy-impersonator': {
        serviceAccountId: `projects/${PROJECT}/serviceAccounts/records-deploy@${PROJECT}.iam.gserviceaccount.com`,
        role: 'roles/iam.workloadIdentityUser',
        member: set('deploys'),
      },
    });
  });
});

describe('the planning account', () => {
  it('can read and cannot change anything', () => {
    expect(rolesOf(planned, account('records-plan'))).toEqual({
      [PROJECT]: [
        'roles/bigquery.metadataViewer',
        'roles/cloudscheduler.viewer',
        'roles/iam.securityReviewer',
        'roles/logging.viewer',
        'roles/monitoring.viewer',
        'roles/pubsub.viewer',
        'roles/run.viewer',
        'roles/secretmanager.viewer',
        'roles/serviceusage.serviceUsageConsumer',
      ],
      [`${PROJECT}-pulumi-state`]: ['roles/storage.objectViewer'],
      [KEY]: ['roles/cloudkms.cryptoKeyDecrypter'],
    });
  });
});

describe('the deploying account', () => {
  it('has the roles for what a stack declares', () => {
    expect(rolesOf(planned, account('records-deploy'))).toEqual({
      [PROJECT]: [
        'roles/bigquery.dataOwner',
        'roles/bigquery.jobUser',
        'roles/cloudscheduler.admin',
        'roles/iam.roleAdmin',
        'roles/iam.serviceAccountAdmin',
        'roles/iam.serviceAccountUser',
        'roles/logging.configWriter',
        'roles/monitoring.editor',
        'roles/pubsub.admin',
        'roles/resourcemanager.projectIamAdmin',
        'roles/run.admin',
        'roles/secretmanager.admin',
        'roles/serviceusage.serviceUsageAdmin',
      ],
      [`${PROJECT}-pulumi-state`]: ['roles/storage.objectUser'],
      [KEY]: ['roles/cloudkms.cryptoKeyEncrypterDecrypter'],
      records: ['roles/artifactregistry.writer'],
    });
  });

  it('can grant only the roles that the stacks grant, so it cannot make itself owner', () => {
    const grants = resourceOf(planned, 'gcp:projects/iAMMember:IAMMember', 'records-deploy-grants');
    expect(grants.inputs.condition).toEqual({
      title: expect.any(String),
      expression:
        "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/bigquery.jobUser'])",
    });
  });
});

it('prepares for a load balancer and for projects that pull images, if set to', async () => {
  const robot = 'serviceAccount:service-42@serverless-robot-prod.iam.gserviceaccount.com';
  const extended = await planBootstrap({ loadBalancer: 'true', imageReaders: JSON.stringify([robot]) });
  expect(rolesOf(extended, account('records-plan'))[PROJECT]).toContain('roles/compute.viewer');
  expect(rolesOf(extended, account('records-deploy'))[PROJECT]).toEqual(
    expect.arrayContaining(['roles/compute.loadBalancerAdmin', 'roles/compute.securityAdmin']),
  );
  expect(inputsByName(extended, 'gcp:projects/service:Service')).toHaveProperty('compute');
  expect(rolesOf(extended, robot)).toEqual({ records: ['roles/artifactregistry.reader'] });
});

it('refuses ids below 1 and a ref that is not a full one', async () => {
  await expect(
    planBootstrap({ githubOwnerId: '0', githubRepositoryId: '-1', deployRef: 'main' }),
  ).rejects.toThrow(
    /githubOwnerId is 0: .*\n.*githubRepositoryId is -1: .*\n.*deployRef is "main": it must be a full Git ref/,
  );
});

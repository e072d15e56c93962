import { describe, expect, it } from '@jest/globals';
import { words } from '../../src/pulumi/constraint.ts';
import { GcpDeclarations, type Members, type Shape } from '../../src/pulumi/gcp-declarations.ts';
import { UNKNOWN } from '../../src/pulumi/property-values.ts';
import { fixedPath, providerMistakes } from '../../src/pulumi/provider-checks.ts';
import { CONSTRAINTS } from '../../src/pulumi/resources/constraints.ts';
import { RESOURCE_TYPES } from '../../src/pulumi/resources/index.ts';
import { programDir } from './test-cloud.ts';

const declarations = GcpDeclarations.of(programDir('declared'));
const TYPES = Object.keys(RESOURCE_TYPES).filter((type) => type !== 'pulumi:providers:gcp');

function membersOf(type: string): Members {
  const members = declarations.argumentsOf(type);
  if (!members) throw new Error(`@pulumi/gcp does not declare ${type}`);
  return members;
}

/** `property: message` of each mistake. */
function mistakes(type: string, inputs: Record<string, unknown>, secrets: string[] = []): string[] {
  const found = providerMistakes(inputs, membersOf(type), CONSTRAINTS[type] ?? {}, (property) =>
    secrets.includes(property),
  );
  return found.map(({ property, message }) => `${property}: ${message}`).sort();
}

/** Whether a path (`rules[].match`) is declared. */
function isDeclared(members: Members, path: string): boolean {
  const [name = '', ...rest] = path.split('.');
  let shape: Shape | undefined = members.get(name.replace('[]', ''))?.shape;
  if (name.endsWith('[]')) shape = shape?.kind === 'list' ? shape.of : undefined;
  if (rest.length === 0 || !shape) return shape !== undefined;
  return shape.kind === 'object' && isDeclared(shape.members(), rest.join('.'));
}

describe('the table of constraints', () => {
  it('has a row for each resource type', () => {
    expect(Object.keys(CONSTRAINTS).sort()).toEqual([...TYPES].sort());
  });

  it.each(TYPES)('names only what @pulumi/gcp declares of %s', (type) => {
    const { fixed, changeable, required, groups = [], values = {} } = CONSTRAINTS[type] ?? {};
    const paths = [
      ...words(fixed),
      ...words(changeable),
      ...words(required),
      ...groups.flatMap(({ within, of }) => of.map((name) => (within ? `${within}.${name}` : name))),
      ...Object.keys(values),
    ];
    expect(paths.filter((path) => !isDeclared(membersOf(type), path))).toEqual([]);
  });
});

const TOPIC = 'gcp:pubsub/topic:Topic';
const SUBSCRIPTION = 'gcp:pubsub/subscription:Subscription';
const BACKEND = 'gcp:compute/backendService:BackendService';
const SCHEDULE = 'gcp:cloudscheduler/job:Job';
const BALANCER_ENDS = 'gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup';
const ARMOR = 'gcp:compute/securityPolicy:SecurityPolicy';
const SECRET = 'gcp:secretmanager/secret:Secret';
const BUDGET = 'gcp:billing/budget:Budget';

describe('a property', () => {
  it.each<[string, string, Record<string, unknown>, string[]]>([
    ['misspelt', TOPIC, { lables: { a: 'b' } }, ['lables: is not known here: did you mean "labels"?']],
    [
      'misspelt in an object',
      TOPIC,
      { messageStoragePolicy: { allowedPersistenceRegions: ['r'], enforceIntransit: true } },
      ['messageStoragePolicy.enforceIntransit: is not known here: did you mean "enforceInTransit"?'],
    ],
    [
      'unlike any',
      'gcp:kms/keyRing:KeyRing',
      { location: 'l', shoesize: 1 },
      ['shoesize: is not known here. Known are: location, name, project'],
    ],
    [
      'missing',
      SUBSCRIPTION,
      { bigqueryConfig: {} },
      ['bigqueryConfig.table: is required: text', 'topic: is required: text'],
    ],
    [
      'of another type',
      SUBSCRIPTION,
      { topic: 7, ackDeadlineSeconds: '60', retainAckedMessages: 'yes', labels: [], retryPolicy: 'none' },
      [
        'ackDeadlineSeconds: must be a number, not "60"',
        'labels: must be an object, not []',
        'retainAckedMessages: must be true or false, not "yes"',
        'retryPolicy: must be an object, not "none"',
        'topic: must be text, not 7',
      ],
    ],
    [
      'of another type in a list or a map',
      TOPIC,
      { labels: { a: 1 }, messageStoragePolicy: { allowedPersistenceRegions: 'r' } },
      [
        'labels.a: must be text, not 1',
        'messageStoragePolicy.allowedPersistenceRegions: must be a list, not "r"',
      ],
    ],
    [
      'outside its values',
      BACKEND,
      { protocol: 'FTP', backends: [{ group: 'g' }, { group: 'g', balancingMode: 'LUCK' }] },
      [
        'backends[1].balancingMode: must be "UTILIZATION", "RATE", "CONNECTION", "CUSTOM_METRICS" or "IN_FLIGHT", not "LUCK"',
        'protocol: must be "HTTP", "HTTPS", "HTTP2", "TCP", "SSL", "UDP", "GRPC", "UNSPECIFIED" or "H2C", not "FTP"',
      ],
    ],
    [
      'outside its range',
      BUDGET,
      {
        billingAccount: 'b',
        amount: { specifiedAmount: { units: '5' } },
        budgetFilter: { customPeriod: { startDate: { day: 32, month: 0, year: 2026 } } },
      },
      [
        'budgetFilter.customPeriod.startDate.day: must be from 1 to 31, not 32',
        'budgetFilter.customPeriod.startDate.month: must be from 1 to 12, not 0',
      ],
    ],
    [
      'against its pattern',
      'gcp:iam/workloadIdentityPool:WorkloadIdentityPool',
      { workloadIdentityPoolId: 'gcp-pool' },
      [
        'workloadIdentityPoolId: must be 4 to 32 lower-case letters, digits and dashes that do not start with "gcp-", not "gcp-pool"',
      ],
    ],
    [
      'with too many or too few items',
      ARMOR,
      {
        name: 'a',
        rules: [{ action: 'allow', priority: 1, match: { config: { srcIpRanges: [] } } }],
      },
      ['rules[0].match.config.srcIpRanges: must be a list of 1 to 10, not []'],
    ],
    [
      'required although it is declared as optional',
      ARMOR,
      { rules: [{ action: 'allow', priority: 1, match: { config: {} } }] },
      ['rules[0].match.config.srcIpRanges: is required'],
    ],
    [
      'that is a grant to nobody',
      'gcp:storage/bucketIAMMember:BucketIAMMember',
      { bucket: 'b', role: 'roles/storage.admin', member: 'ana@example.com' },
      [
        'member: must be an IAM member such as "serviceAccount:NAME@PROJECT.iam.gserviceaccount.com", not "ana@example.com"',
      ],
    ],
  ])('%s is refused with the rule', (_, type, inputs, expected) => {
    expect(mistakes(type, inputs)).toEqual(expected);
  });

  it('that a preview does not know, or that is null, passes', () => {
    expect(
      mistakes(SUBSCRIPTION, {
        topic: UNKNOWN,
        ackDeadlineSeconds: UNKNOWN,
        labels: { a: UNKNOWN },
        bigqueryConfig: { table: UNKNOWN },
        filter: null,
        retryPolicy: UNKNOWN,
      }),
    ).toEqual([]);
    expect(mistakes(BACKEND, { cdnPolicy: UNKNOWN, backends: [UNKNOWN], protocol: UNKNOWN })).toEqual([]);
    expect(mistakes(SECRET, { secretId: 's', replication: UNKNOWN })).toEqual([]);
  });

  it('that is secret is not shown', () => {
    expect(mistakes(TOPIC, { labels: { password: 1234 } }, ['labels'])).toEqual([
      'labels.password: must be text, not this secret',
    ]);
  });

  it('that is long is shown by its beginning', () => {
    const [message = ''] = mistakes('gcp:monitoring/dashboard:Dashboard', {
      dashboardJson: 'x'.repeat(9000),
    });
    expect(message).toContain('must be JSON, not "xxx');
    expect(message.length).toBeLessThan(200);
  });
});

describe('a group of properties', () => {
  it.each<[string, string, Record<string, unknown>, string[]]>([
    [
      'of which one at least is needed',
      BACKEND,
      { cdnPolicy: { cacheMode: 'USE_ORIGIN_HEADERS' } },
      ['cdnPolicy: takes at least one of cacheKeyPolicy or signedUrlCacheMaxAgeSec, and none is given'],
    ],
    [
      'of which exactly one is needed, without any',
      SCHEDULE,
      {},
      [': takes exactly one of appEngineHttpTarget, httpTarget or pubsubTarget, and none is given'],
    ],
    [
      'of which exactly one is needed, with two',
      SCHEDULE,
      { httpTarget: { uri: 'https://x' }, pubsubTarget: { topicName: 't' } },
      [
        ': takes exactly one of appEngineHttpTarget, httpTarget or pubsubTarget, and httpTarget and pubsubTarget are given',
      ],
    ],
    [
      'that exclude each other',
      BALANCER_ENDS,
      { region: 'r', cloudRun: { service: 's' }, cloudFunction: { function: 'f' } },
      [
        ': takes at most one of appEngine, cloudFunction, cloudRun or serverlessDeployment, and cloudFunction and cloudRun are given',
      ],
    ],
    [
      'that exclude each other at two depths',
      'gcp:bigquery/table:Table',
      {
        datasetId: 'd',
        tableId: 't',
        requirePartitionFilter: true,
        timePartitioning: { type: 'DAY', requirePartitionFilter: true },
      },
      [
        ': takes at most one of requirePartitionFilter or timePartitioning.requirePartitionFilter, and requirePartitionFilter and timePartitioning.requirePartitionFilter are given',
      ],
    ],
    [
      'of which one needs the other',
      SECRET,
      { secretId: 's', replication: { auto: {} }, rotation: { rotationPeriod: '3600s' } },
      [': takes rotation only with topics'],
    ],
  ])('%s is refused with its names', (_, type, inputs, expected) => {
    expect(mistakes(type, inputs)).toEqual(expected);
  });

  it('counts a value that a preview does not know as given, and conflicts only between known ones', () => {
    expect(mistakes(BACKEND, { cdnPolicy: { signedUrlCacheMaxAgeSec: UNKNOWN } })).toEqual([]);
    expect(mistakes(SCHEDULE, { httpTarget: { uri: 'https://x' }, pubsubTarget: UNKNOWN })).toEqual([]);
    expect(mistakes('gcp:compute/uRLMap:URLMap', { defaultRouteAction: UNKNOWN })).toEqual([]);
  });

  it('counts false as given, and a list without items as left out', () => {
    const cacheKeyPolicy = { includeHost: false };
    expect(mistakes(BACKEND, { cdnPolicy: { cacheKeyPolicy } })).toEqual([]);
    expect(
      mistakes(BUDGET, {
        billingAccount: 'b',
        amount: { specifiedAmount: { units: '5' } },
        allUpdatesRule: { monitoringNotificationChannels: [] },
      }),
    ).toEqual([
      'allUpdatesRule: takes at least one of monitoringNotificationChannels or pubsubTopic, and none is given',
    ]);
  });
});

describe('a change', () => {
  const fixed = (type: string, changed: string, old: unknown = {}, next: unknown = {}) =>
    fixedPath(CONSTRAINTS[type] ?? {}, [changed], old, next);

  it('of what Google cannot change in place is found, however deep it lies', () => {
    expect(fixed(TOPIC, 'name')).toBe('name');
    expect(fixed(TOPIC, 'labels.team')).toBeUndefined();
    expect(fixed('gcp:compute/managedSslCertificate:ManagedSslCertificate', 'managed.domains[0]')).toBe(
      'managed.domains[0]',
    );
    expect(fixed('gcp:logging/metric:Metric', 'metricDescriptor.labels[2].key')).toBe(
      'metricDescriptor.labels[2].key',
    );
    expect(fixed('gcp:logging/metric:Metric', 'metricDescriptor.labels[2].description')).toBeUndefined();
  });

  it('of a whole object is one of what is fixed in it only when that differs', () => {
    const metric = (key: string) => ({ metricDescriptor: { labels: [{ key }] } });
    const type = 'gcp:logging/metric:Metric';
    expect(fixed(type, 'metricDescriptor', metric('a'), metric('b'))).toBe('metricDescriptor.labels[].key');
    expect(fixed(type, 'metricDescriptor', metric('a'), metric('a'))).toBeUndefined();
  });

  it('of what may change within a fixed object is made in place', () => {
    expect(fixed(SECRET, 'replication.userManaged.replicas[0].location')).toBe(
      'replication.userManaged.replicas[0].location',
    );
    expect(
      fixed(SECRET, 'replication.userManaged.replicas[0].customerManagedEncryption.kmsKeyName'),
    ).toBeUndefined();
  });
});

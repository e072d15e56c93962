import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CloudEvent, LocalCloud, plan } from '@records/local-cloud';
import { PLATFORM } from '../plans/projects.ts';
import { EVERYTHING, planOf } from './support/plans.ts';

const PROJECT = 'records-local';
const NEEDS_GRANT = `projects/${PROJECT}/topics/permission`;

let lines: string[];
/** Called with each line that the program logs. */
let onLine: (line: string) => void;
const onEvent = (event: CloudEvent) => {
  if (event.type !== 'log' || event.source !== 'pulumi') return;
  lines.push(event.message);
  onLine(event.message);
};

beforeEach(() => {
  lines = [];
  onLine = () => undefined;
});

/** Hooks before the creation and after a failure, by type or by type and name. */
const AWAITED: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  'gcp:logging/metric:Metric': [['announce-metrics'], []],
  'gcp:monitoring/alertPolicy:AlertPolicy': [[], ['await-metrics']],
  'gcp:monitoring/slo:Slo': [[], ['await-metrics']],
  'gcp:bigquery/iamMember:IamMember records-table-writer': [['announce-grants'], []],
  'gcp:bigquery/iamMember:IamMember records-probe-table-writer': [['announce-grants'], []],
  'gcp:pubsub/subscription:Subscription records-to-bigquery': [[], ['await-grants']],
  'gcp:pubsub/subscription:Subscription records-probe-to-bigquery': [[], ['await-grants']],
  'gcp:cloudrunv2/service:Service': [['await-start'], []],
};

const ANNOUNCED = [
  'A new service is made 3 minutes after its grants, so that Google honours them when it starts.',
  'Alert policies on new log-based metrics are repeated for up to 10 minutes, until Google knows the metrics.',
  'BigQuery subscriptions are repeated for up to 7 minutes, until Google honours their new grants.',
];

it('a preview of a new stack announces each wait once', async () => {
  const { directory } = PLATFORM;
  const config = PLATFORM.exampleSettings('prod');
  const environment = PLATFORM.environment?.('prod') ?? {};
  await plan({ projectDir: directory, stack: 'prod', config, environment, onEvent });
  expect(lines.sort()).toEqual(ANNOUNCED);
});

it('what names a new metric, needs a new grant or starts with one waits for it', async () => {
  const { resources } = await planOf('prod', EVERYTHING);
  const waiting = resources.map(({ type, name, hooks }) => [type, name, hooks] as const);
  for (const [type, name, { beforeCreate, onError }] of waiting) {
    const expected = AWAITED[`${type} ${name}`] ?? AWAITED[type];
    expect([name, beforeCreate, onError]).toEqual([name, ...(expected ?? [[], []])]);
  }
  const declared = waiting.flatMap(([type, name]) => [type, `${type} ${name}`]);
  expect(declared).toEqual(expect.arrayContaining(Object.keys(AWAITED)));
});

describe('an update', () => {
  let cloud: LocalCloud;
  const deploy = (eventualConsistency: boolean) =>
    cloud.deploy({
      projectDir: join(import.meta.dirname, 'programs/patience'),
      stack: 'test',
      config: { 'gcp:project': PROJECT, eventualConsistency: String(eventualConsistency) },
    });
  const pauses = (seconds: number) => lines.filter((line) => line === `pause of ${seconds} s`).length;

  beforeEach(async () => {
    cloud = await LocalCloud.create({ projectId: PROJECT, location: 'southamerica-west1', onEvent });
  });
  afterEach(() => cloud.close());

  it('waits before it makes a service, and never again', async () => {
    await deploy(true);
    expect([pauses(3 * 60), pauses(15)]).toEqual([1, 0]);
    lines = [];
    await deploy(true);
    expect(lines).toEqual([]);
  });

  it('repeats what Google refuses for want of a grant, until Google honours it', async () => {
    await cloud.pubsub.createTopic({ name: NEEDS_GRANT });
    onLine = () => {
      if (pauses(15) === 5) void cloud.pubsub.deleteTopic({ topic: NEEDS_GRANT }).catch(() => undefined);
    };
    const { steps } = await deploy(true);
    expect(steps).toContainEqual(expect.objectContaining({ name: 'permission', operation: 'create' }));
    expect(lines).toContainEqual(
      expect.stringContaining(
        'permission: Google refuses it so soon. It is repeated every 15 seconds for up to 7 minutes.',
      ),
    );
  });

  it('gives up after seven minutes, with Google’s own error', async () => {
    await cloud.pubsub.createTopic({ name: NEEDS_GRANT });
    await expect(deploy(true)).rejects.toThrow('Resource already exists');
    expect(pauses(15)).toBe((7 * 60) / 15);
  });

  it('repeats nothing that fails for another reason', async () => {
    await cloud.pubsub.createTopic({ name: `projects/${PROJECT}/topics/policy` });
    await expect(deploy(true)).rejects.toThrow('Resource already exists');
    expect(pauses(15)).toBe(0);
  });

  it('waits for nothing in a cloud where everything holds at once', async () => {
    await deploy(false);
    expect(lines).toEqual([]);
  });
});

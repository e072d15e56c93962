import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeploymentError, LocalCloud } from '@records/local-cloud';
import { INFRA } from '@records/stack';
import { PLATFORM } from '../plans/projects.ts';
import { cachedPlan } from './support/plan-cache.ts';
import { EVERYTHING } from './support/plans.ts';

// Each test runs a whole program, perhaps on a busy machine.
interface Mistake {
  readonly what: string;
  /** Below infra/src/components. */
  readonly file: string;
  readonly correct: string;
  readonly wrong: string;
  /** The beginning of the statement that declares the resource. */
  readonly declaredBy: string;
  readonly message: string;
}

/** Mistakes as people make them, of each kind that Google's provider refuses before it sends anything. */
const MISTAKES: readonly Mistake[] = [
  {
    what: 'a CDN policy without a cache key',
    file: 'load-balancer.ts',
    correct: '  cacheKeyPolicy: { includeHost: true, includeProtocol: true, includeQueryString: true },\n',
    wrong: '\n',
    declaredBy: 'new gcp.compute.BackendService(',
    message:
      'gcp:compute/backendService:BackendService "records-api", property "cdnPolicy": takes at least one of cacheKeyPolicy or signedUrlCacheMaxAgeSec, and none is given',
  },
  {
    what: 'two targets of which a group of endpoints takes one',
    file: 'load-balancer.ts',
    correct: 'cloudRun: { service: service.name }',
    wrong: "cloudRun: { service: service.name }, cloudFunction: { function: 'records' }",
    declaredBy: 'new gcp.compute.RegionNetworkEndpointGroup(',
    message:
      'gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup "records-api": takes at most one of appEngine, cloudFunction, cloudRun or serverlessDeployment, and cloudFunction and cloudRun are given',
  },
  {
    what: 'a profile that TLS policies do not have',
    file: 'load-balancer.ts',
    correct: "profile: 'MODERN'",
    wrong: "profile: 'STRICT'",
    declaredBy: 'new gcp.compute.SSLPolicy(',
    message:
      'gcp:compute/sSLPolicy:SSLPolicy "records-api", property "profile": must be "COMPATIBLE", "MODERN", "RESTRICTED", "CUSTOM" or "FIPS_202205", not "STRICT"',
  },
  {
    what: 'a misspelt property',
    file: 'warehouse.ts',
    correct: 'clusterings: [',
    wrong: 'clustering: [',
    declaredBy: 'new gcp.bigquery.Table(',
    message:
      'gcp:bigquery/table:Table "records", property "clustering": is not known here: did you mean "clusterings"?',
  },
  {
    what: 'a time below the least one',
    file: 'warehouse.ts',
    correct: 'defaultTableExpirationMs: SCRATCH_MS',
    wrong: 'defaultTableExpirationMs: SCRATCH_MS / 1000',
    declaredBy: 'this.scratch = new gcp.bigquery.Dataset(',
    message:
      'gcp:bigquery/dataset:Dataset "records-scratch", property "defaultTableExpirationMs": must be 3600000 or more, not 86400',
  },
  {
    what: 'a duration where a number is wanted',
    file: 'ingestion.ts',
    correct: 'ackDeadlineSeconds: 60',
    wrong: "ackDeadlineSeconds: '60s'",
    declaredBy: 'this.deadLetterSubscription = new gcp.pubsub.Subscription(',
    message:
      'gcp:pubsub/subscription:Subscription "records-dead-letters", property "ackDeadlineSeconds": must be a number, not "60s"',
  },
  {
    what: 'a misspelt property in an object',
    file: 'ingestion.ts',
    correct: 'maxDeliveryAttempts: MAX_DELIVERY_ATTEMPTS',
    wrong: 'maxDeliveryAttemps: MAX_DELIVERY_ATTEMPTS',
    declaredBy: 'this.subscription = new gcp.pubsub.Subscription(',
    message:
      'gcp:pubsub/subscription:Subscription "records-to-bigquery", property "deadLetterPolicy.maxDeliveryAttemps": is not known here: did you mean "maxDeliveryAttempts"?',
  },
  {
    what: 'an id against its pattern',
    file: 'records-api.ts',
    correct: 'accountId: name',
    wrong: "accountId: 'Records_API'",
    declaredBy: 'const account = new gcp.serviceaccount.Account(',
    message:
      'gcp:serviceaccount/account:Account "records-api", property "accountId": must be 6 to 30 lower-case letters, digits and dashes that start with a letter, not "Records_API"',
  },
  {
    what: 'a missing property',
    file: 'scheduled-job.ts',
    correct: '      location: region,\n',
    wrong: '\n',
    declaredBy: 'const job = new gcp.cloudrunv2.Job(',
    message: 'gcp:cloudrunv2/job:Job "records-probe", property "location": is required: text',
  },
  {
    what: 'a second target of a schedule',
    file: 'scheduled-job.ts',
    correct: "attemptDeadline: '30s',",
    wrong: "attemptDeadline: '30s', pubsubTarget: { topicName: 'projects/p/topics/t' },",
    declaredBy: 'new gcp.cloudscheduler.Job(',
    message:
      'gcp:cloudscheduler/job:Job "records-probe": takes exactly one of appEngineHttpTarget, httpTarget or pubsubTarget, and httpTarget and pubsubTarget are given',
  },
];

/** A copy of infra/ with the mistakes. */
class Copy {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'records-mistakes-')));
  readonly infra = join(this.#folder, 'infra');

  constructor() {
    const left = new Set(
      ['bootstrap', 'mutants', 'node_modules', 'plans', 'test'].map((name) => join(INFRA, name)),
    );
    cpSync(INFRA, this.infra, { recursive: true, filter: (path) => !left.has(path) });
    symlinkSync(join(INFRA, 'node_modules'), join(this.infra, 'node_modules'));
  }

  path(file: string): string {
    return join(this.infra, 'src', 'components', file);
  }

  make({ file, correct, wrong }: Mistake): void {
    const text = readFileSync(this.path(file), 'utf8');
    if (text.split(correct).length !== 2) throw new Error(`${file} does not contain this once: ${correct}`);
    writeFileSync(this.path(file), text.replace(correct, wrong));
  }

  /** `file:line: message`. No mistake adds or removes a line. */
  expected({ file, declaredBy, message }: Mistake): string {
    const before = readFileSync(this.path(file), 'utf8').split(declaredBy)[0] ?? '';
    return `${file}:${before.split('\n').length}: ${message}`;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

let copy: Copy;
beforeAll(() => {
  copy = new Copy();
  for (const mistake of MISTAKES) copy.make(mistake);
});
afterAll(() => copy?.remove());

function linesOf(error: unknown): string[] {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n').map((line) => line.replace(/^\S*\/infra\/src\/components\//, ''));
}

async function refusalOf(run: Promise<unknown>): Promise<string[]> {
  return run.then(
    () => [],
    (error: unknown) => linesOf(error),
  );
}

describe('ten mistakes in the program', () => {
  it('are all refused by a plan, each with the line that declares its resource', async () => {
    const project = { ...PLATFORM, directory: copy.infra };
    const config = { ...PLATFORM.exampleSettings('prod'), ...EVERYTHING };
    const refused = await refusalOf(cachedPlan(project, 'prod', config));
    expect(refused.sort()).toEqual(MISTAKES.map((mistake) => copy.expected(mistake)).sort());
  });

  it('are all refused by a deployment to the local cloud in the same words', async () => {
    const cloud = await LocalCloud.create({ projectId: 'records-local', location: 'southamerica-west1' });
    try {
      const { access, domain } = EVERYTHING;
      const config = { access, domain, behindFrontEnd: 'true' };
      const deployment = cloud.deploy({
        ...{ projectDir: copy.infra, stack: 'local', config },
        environment: PLATFORM.environment?.('local') ?? {},
      });
      await expect(deployment).rejects.toBeInstanceOf(DeploymentError);
      const refused = await refusalOf(deployment);
      expect(refused.sort()).toEqual(MISTAKES.map((mistake) => copy.expected(mistake)).sort());
    } finally {
      await cloud.close();
    }
  });
});

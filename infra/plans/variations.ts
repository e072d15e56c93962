import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { DEPLOY_TRAFFIC } from '../src/deployment.ts';
import { COMMITTED_PLANS } from './committed.ts';
import { BOOTSTRAP, PLATFORM, type Project } from './projects.ts';

/** All that a stack can have at once: a load balancer, notification channels and a budget. */
export const EVERYTHING = {
  access: 'load-balancer',
  domain: 'records.example.com',
  clientRequestsPerMinute: '120',
  apiKeys: 'true',
  metricsPort: '9464',
  otlpEndpoint: 'http://localhost:4318',
  pageChannels: '["projects/example-prod/notificationChannels/1"]',
  ticketChannels: '["projects/example-prod/notificationChannels/2"]',
  billedGibPerHour: '20',
  billingAccount: '012345-6789AB-CDEF01',
  monthlyBudget: '50',
};

/** The same without what is on by default. */
export const WITHOUT = {
  ...EVERYTHING,
  cdn: 'false',
  prober: 'false',
  cpuAllocation: 'always',
  startupCpuBoost: 'false',
};

/** A canary without requests, as DEPLOY_TRAFFIC tells it. */
export const ROLLOUT = 'records-api-00001-abc=100,LATEST=0';
const HALF = 'records-api-00001-abc=50,LATEST=50';

/** A stack with settings of its own. */
export interface Variation {
  readonly name: string;
  readonly project: Project;
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
  /** Variables that tell the program what to deploy. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Every plan that Git keeps, and every stack with the settings that change what is declared. */
export const VARIATIONS: readonly Variation[] = [
  ...COMMITTED_PLANS.map(({ file, project, stack }) => ({
    name: basename(file),
    project,
    stack,
    config: project.exampleSettings(stack),
    environment: project.environment?.(stack) ?? {},
  })),
  varied('prod with everything', PLATFORM, EVERYTHING),
  varied('prod before its canary serves requests', PLATFORM, EVERYTHING, ROLLOUT),
  varied('prod with a half of its requests for the canary', PLATFORM, EVERYTHING, HALF),
  varied('prod without the cache, the prober and a CPU that rests', PLATFORM, WITHOUT),
  varied('prod private and unwatched', PLATFORM, {
    access: 'private',
    invokers: '["user:ana@example.com"]',
    analysts: '["group:analysts@example.com"]',
    queryGibPerAccountPerDay: '200',
    privacyOfficers: '["group:privacy@example.com"]',
    publishers: '["serviceAccount:crm@example-prod.iam.gserviceaccount.com"]',
    minInstances: '0',
    monitoring: 'false',
  }),
  varied('bootstrap of a load balancer', BOOTSTRAP, {
    loadBalancer: 'true',
    imageReaders: '["serviceAccount:puller@example.iam.gserviceaccount.com"]',
  }),
];

function varied(name: string, project: Project, config: Variation['config'], traffic = ''): Variation {
  const stack = 'prod';
  return {
    ...{ name, project, stack, config: { ...project.exampleSettings(stack), ...config } },
    environment: { ...project.environment?.(stack), ...(traffic && { [DEPLOY_TRAFFIC]: traffic }) },
  };
}

/** The settings of a variation as `Pulumi.STACK.yaml` holds them, under `config`. */
export function settingsOf({ project, stack, config }: Variation): Record<string, unknown> {
  const path = join(project.directory, `Pulumi.${stack}.yaml`);
  const file = existsSync(path) ? (parse(readFileSync(path, 'utf8')) as { config?: object } | null) : null;
  const changed = Object.entries(config).map(([key, value]) => [
    key.includes(':') ? key : `${project.name}:${key}`,
    value.startsWith('[') ? JSON.parse(value) : value,
  ]);
  return { ...file?.config, ...Object.fromEntries(changed) };
}

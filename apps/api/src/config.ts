import { parseTableName, readEnvironment, SHARED_VARIABLES } from '@records/runtime';
import { Type } from '@sinclair/typebox';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** https://docs.cloud.google.com/run/docs/container-contract#env-vars */
const cloudRunName = (what: string) =>
  Type.String({
    pattern: '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$',
    'x-rule': 'must be 1 to 63 lower-case letters, digits and hyphens',
    description: `${what}, set by Cloud Run; leave it out elsewhere`,
  });

const SCRATCH_PATTERN = '^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]\\.[A-Za-z0-9_]{1,1024}$';

export const amendmentsTable = {
  ...SHARED_VARIABLES.RECORDS_TABLE,
  description: 'the table of what was corrected or forgotten; `pulumi up` makes it',
};

/** Every environment variable that the API reads. `description` is the hint of an error message. */
const Environment = Type.Object({
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8080,
    description: 'the port to listen on; Cloud Run sets it, 0 takes a free port',
  }),
  HOST: Type.Optional(
    Type.String({
      pattern: '^[0-9A-Fa-f.:]+$',
      'x-rule': 'must be an IP address',
      description: 'the address to listen on; leave it out for 0.0.0.0 on Cloud Run and 127.0.0.1 elsewhere',
    }),
  ),
  GOOGLE_CLOUD_PROJECT: SHARED_VARIABLES.GOOGLE_CLOUD_PROJECT,
  BIGQUERY_LOCATION: SHARED_VARIABLES.BIGQUERY_LOCATION,
  RECORDS_TABLE: SHARED_VARIABLES.RECORDS_TABLE,
  AMENDMENTS_TABLE: amendmentsTable,
  SCRATCH_DATASET: Type.String({
    pattern: SCRATCH_PATTERN,
    'x-rule': 'must be project.dataset',
    description: 'the dataset where lists are kept for some hours; `pulumi up` makes it',
  }),
  LIST_GIB_PER_MONTH: Type.Integer({
    minimum: 1,
    maximum: 1_000_000_000,
    default: 4_096,
    description: 'GiB that lists and their filters may scan a month; leave it out for 4096',
  }),
  LOOKUP_GIB_PER_MONTH: Type.Integer({
    minimum: 1,
    maximum: 1_000_000_000,
    default: 1_024,
    description: 'GiB that look-ups of this instance may scan a month; leave it out for 1024',
  }),
  LIST_TIME_PERCENT: Type.Integer({
    minimum: 1,
    maximum: 100,
    default: 10,
    description: 'the share of time that may be spent on making lists; leave it out for 10',
  }),
  FRESHNESS_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3_600,
    default: 60,
    description: 'seconds until data that was read is read again; leave it out for 60',
  }),
  LOG_LEVEL: Type.Union(
    LOG_LEVELS.map((level) => Type.Literal(level)),
    { default: 'info', description: 'the lowest severity to log; leave it out for info' },
  ),
  ANONYMOUS_REQUESTS_PER_MINUTE: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 600,
    description: 'requests per minute from one address that an instance answers; leave it out for 600',
  }),
  API_KEYS_FILE: Type.Optional(
    Type.String({
      pattern: '^/.',
      'x-rule': 'must be an absolute path',
      description: 'the file of API keys, written by `pnpm ops api-keys`; leave it out for no keys',
    }),
  ),
  TRUSTED_PROXIES: Type.Integer({
    minimum: 0,
    maximum: 2,
    default: 0,
    description:
      'trusted proxies that append to X-Forwarded-For: 1 for Cloud Run, 2 behind its load balancer; leave it out for none',
  }),
  MAX_REQUESTS_IN_FLIGHT: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 250,
    description: 'concurrent requests of an instance; leave it out for 250',
  }),
  METRICS_PORT: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description:
        'the port that serves metrics to a collector on this machine; 0 takes a free port; leave it out to serve none',
    }),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: SHARED_VARIABLES.OTEL_EXPORTER_OTLP_ENDPOINT,
  K_SERVICE: Type.Optional(cloudRunName('the service')),
  K_REVISION: Type.Optional(cloudRunName('the revision')),
});

export const VARIABLES = Object.keys(Environment.properties);

/** Frozen; units and ranges are those of the variables. Undefined stands for a variable that is left out. */
export type Config = ReturnType<typeof readConfig>;

/** Throws ConfigError. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>) {
  const values = readEnvironment(Environment, environment);
  return Object.freeze({
    port: values.PORT,
    // A laptop in a café must not serve everybody there.
    host: values.HOST ?? (values.K_SERVICE === undefined ? '127.0.0.1' : '0.0.0.0'),
    project: values.GOOGLE_CLOUD_PROJECT,
    location: values.BIGQUERY_LOCATION,
    table: parseTableName(values.RECORDS_TABLE),
    amendments: parseTableName(values.AMENDMENTS_TABLE),
    scratch: parseDatasetName(values.SCRATCH_DATASET),
    listGibPerMonth: values.LIST_GIB_PER_MONTH,
    lookupGibPerMonth: values.LOOKUP_GIB_PER_MONTH,
    listTimePercent: values.LIST_TIME_PERCENT,
    freshnessSeconds: values.FRESHNESS_SECONDS,
    logLevel: values.LOG_LEVEL,
    anonymousRequestsPerMinute: values.ANONYMOUS_REQUESTS_PER_MINUTE,
    apiKeysFile: values.API_KEYS_FILE,
    trustedProxies: values.TRUSTED_PROXIES,
    maxRequestsInFlight: values.MAX_REQUESTS_IN_FLIGHT,
    metricsPort: values.METRICS_PORT,
    otlpEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    service: values.K_SERVICE,
    revision: values.K_REVISION,
  });
}

function parseDatasetName(text: string) {
  const dot = text.lastIndexOf('.');
  return { projectId: text.slice(0, dot), datasetId: text.slice(dot + 1) };
}

import { parseTableName, readEnvironment, SHARED_VARIABLES, type TableName } from '@records/runtime';
import { type Static, Type } from '@sinclair/typebox';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** https://docs.cloud.google.com/run/docs/container-contract#env-vars */
const cloudRunName = (what: string) =>
  Type.String({
    pattern: '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$',
    'x-rule': 'must be 1 to 63 lower-case letters, digits and hyphens',
    description: `${what} on Cloud Run, which sets it; leave it out elsewhere`,
  });

/** The environment variables that the API reads: all of them, and no other. `description` is the way out. */
const Environment = Type.Object({
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8080,
    description: 'the port to listen on; Cloud Run sets it, 0 takes a free one',
  }),
  GOOGLE_CLOUD_PROJECT: SHARED_VARIABLES.GOOGLE_CLOUD_PROJECT,
  BIGQUERY_LOCATION: SHARED_VARIABLES.BIGQUERY_LOCATION,
  RECORDS_TABLE: SHARED_VARIABLES.RECORDS_TABLE,
  FRESHNESS_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3_600,
    default: 60,
    description: 'how old what is read may be before the warehouse is asked again; leave it out for 60',
  }),
  LOG_LEVEL: Type.Union(
    LOG_LEVELS.map((level) => Type.Literal(level)),
    { default: 'info', description: 'the least severe line to log; leave it out for info' },
  ),
  ANONYMOUS_REQUESTS_PER_MINUTE: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 600,
    description: 'requests from one address and minute that an instance answers; leave it out for 600',
  }),
  API_KEYS_FILE: Type.Optional(
    Type.String({
      pattern: '^/.',
      'x-rule': 'must be an absolute path',
      description: 'the list of API keys, which `pnpm ops api-keys` keeps; leave it out for none',
    }),
  ),
  TRUSTED_PROXIES: Type.Integer({
    minimum: 0,
    maximum: 2,
    default: 0,
    description:
      'proxies of yours that append to X-Forwarded-For: 1 for Cloud Run, 2 behind its load balancer; leave it out for none',
  }),
  MAX_REQUESTS_IN_FLIGHT: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 250,
    description: 'requests that are answered at one time; leave it out for 250',
  }),
  METRICS_PORT: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description:
        'where metrics are served to a collector on the same machine; 0 takes a free port; leave it out for none',
    }),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: SHARED_VARIABLES.OTEL_EXPORTER_OTLP_ENDPOINT,
  K_SERVICE: Type.Optional(cloudRunName('the service')),
  K_REVISION: Type.Optional(cloudRunName('the revision')),
});

type Environment = Static<typeof Environment>;

/** The names of the variables. */
export const VARIABLES = Object.keys(Environment.properties);

/** What the API is told from outside, checked. Frozen. */
export interface Config {
  /** 0 to 65535; 0 lets the system choose. */
  readonly port: number;
  /** The project that runs and pays for the queries. */
  readonly project: string;
  /** Where the dataset is; every BigQuery job is created there. */
  readonly location: string;
  readonly table: TableName;
  /** 1 to 3600: how old what is read may be before the warehouse is asked again. */
  readonly freshnessSeconds: number;
  readonly logLevel: Environment['LOG_LEVEL'];
  /** 1 to 1000000, per address and instance. */
  readonly anonymousRequestsPerMinute: number;
  /** Absolute path; undefined: no keys. */
  readonly apiKeysFile: string | undefined;
  /** 0 to 2: how many of the last entries of `X-Forwarded-For` were written by proxies of ours. */
  readonly trustedProxies: number;
  /** 1 to 10000. */
  readonly maxRequestsInFlight: number;
  /** 0 to 65535; undefined serves no metrics. */
  readonly metricsPort: number | undefined;
  /** Base URL; undefined sends no traces. */
  readonly otlpEndpoint: string | undefined;
  /** Cloud Run's names for this service and this deployment of it; undefined elsewhere. */
  readonly service: string | undefined;
  readonly revision: string | undefined;
}

/** Throws ConfigError. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const values = readEnvironment(Environment, environment);
  return Object.freeze({
    port: values.PORT,
    project: values.GOOGLE_CLOUD_PROJECT,
    location: values.BIGQUERY_LOCATION,
    table: parseTableName(values.RECORDS_TABLE),
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

import { parseTableName, readEnvironment, SHARED_VARIABLES, type TableName } from '@records/runtime';
import { Type } from '@sinclair/typebox';

/** All environment variables that the prober reads. */
const Environment = Type.Object({
  GOOGLE_CLOUD_PROJECT: SHARED_VARIABLES.GOOGLE_CLOUD_PROJECT,
  BIGQUERY_LOCATION: SHARED_VARIABLES.BIGQUERY_LOCATION,
  PROBE_TABLE: Type.String({
    ...SHARED_VARIABLES.RECORDS_TABLE,
    description: 'the table of probes, for example PROBE_TABLE=my-project.records.probes',
  }),
  PROBE_TOPIC: Type.String({
    pattern: '^projects/[^/]+/topics/[^/]+$',
    'x-rule': 'must be a full topic name: projects/PROJECT/topics/TOPIC',
    description: 'the topic to publish to, for example PROBE_TOPIC=projects/my-project/topics/records-probe',
  }),
  API_URL: Type.String({
    pattern: '^https?://[^\\s?#]+$',
    'x-rule': 'must be a URL that starts with http:// or https://',
    description: 'the API that must be ready, for example API_URL=https://records.example.com',
  }),
  API_PRIVATE: Type.Union([Type.Literal('true'), Type.Literal('false')], {
    default: 'false',
    description: 'whether calls need an ID token; leave it out for a public API',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: SHARED_VARIABLES.OTEL_EXPORTER_OTLP_ENDPOINT,
  CLOUD_RUN_JOB: Type.Optional(
    Type.String({
      pattern: '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$',
      'x-rule': 'must be 1 to 63 lower-case letters, digits and hyphens',
      description: 'the job on Cloud Run, which sets it; leave it out elsewhere',
    }),
  ),
});

/** The checked configuration of the prober. */
export interface ProbeConfig {
  readonly project: string;
  readonly location: string;
  readonly table: TableName;
  /** `projects/p/topics/t` */
  readonly topic: string;
  /** Base URL. */
  readonly api: string;
  readonly isApiPrivate: boolean;
  /** Base URL; undefined sends no traces. */
  readonly otlpEndpoint: string | undefined;
  readonly job: string;
}

/** Throws ConfigError. */
export function readProbeConfig(environment: Readonly<Record<string, string | undefined>>): ProbeConfig {
  const values = readEnvironment(Environment, environment);
  return Object.freeze({
    project: values.GOOGLE_CLOUD_PROJECT,
    location: values.BIGQUERY_LOCATION,
    table: parseTableName(values.PROBE_TABLE),
    topic: values.PROBE_TOPIC,
    api: values.API_URL,
    isApiPrivate: values.API_PRIVATE === 'true',
    otlpEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    job: values.CLOUD_RUN_JOB ?? 'records-probe',
  });
}

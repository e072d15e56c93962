import { Type } from '@sinclair/typebox';
import { TABLE_PATTERN } from './table-name.ts';

/** The environment variables that more than one program of the image reads. */
export const SHARED_VARIABLES = {
  GOOGLE_CLOUD_PROJECT: Type.String({
    pattern: '^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$',
    'x-rule': 'must be a project id: 6 to 30 lower-case letters, digits and hyphens',
    description: 'the project that runs and pays for queries, for example GOOGLE_CLOUD_PROJECT=my-project',
  }),
  BIGQUERY_LOCATION: Type.String({
    pattern: '^[A-Za-z]+(-[a-z]+[0-9]+)?$',
    'x-rule': 'must be a BigQuery location, such as US or southamerica-west1',
    description: "the location of the table's dataset, for example BIGQUERY_LOCATION=southamerica-west1",
  }),
  RECORDS_TABLE: Type.String({
    pattern: TABLE_PATTERN,
    'x-rule': 'must be a full table name: project.dataset.table',
    description: 'the table to serve, for example RECORDS_TABLE=my-project.records.records',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s?#]+$',
      'x-rule': 'must be a URL that starts with http:// or https://',
      description: 'the base URL of an OTLP/HTTP receiver of traces; leave it out to send none',
    }),
  ),
};

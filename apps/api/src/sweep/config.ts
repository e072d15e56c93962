import { parseTableName, readEnvironment, SHARED_VARIABLES } from '@records/runtime';
import { Type } from '@sinclair/typebox';
import { amendmentsTable } from '../config.ts';

/** All environment variables that the sweep reads. */
const Environment = Type.Object({
  GOOGLE_CLOUD_PROJECT: SHARED_VARIABLES.GOOGLE_CLOUD_PROJECT,
  BIGQUERY_LOCATION: SHARED_VARIABLES.BIGQUERY_LOCATION,
  RECORDS_TABLE: SHARED_VARIABLES.RECORDS_TABLE,
  AMENDMENTS_TABLE: amendmentsTable,
});

export type SweepConfig = ReturnType<typeof readSweepConfig>;

/** Throws ConfigError. */
export function readSweepConfig(environment: Readonly<Record<string, string | undefined>>) {
  const values = readEnvironment(Environment, environment);
  return Object.freeze({
    project: values.GOOGLE_CLOUD_PROJECT,
    location: values.BIGQUERY_LOCATION,
    records: parseTableName(values.RECORDS_TABLE),
    amendments: parseTableName(values.AMENDMENTS_TABLE),
  });
}

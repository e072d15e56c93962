/**
 * Publishes records to a local stack and asks its table for them, and answers how many per second became visible:
 * node table-process.ts TARGET, a `Target` as JSON.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import type { Target } from '@records/stack';
import { PassThroughClient } from 'google-auth-library';
import { answer } from './asked-process.ts';
import { publishRecords } from './publish-records.ts';

/** Between two looks at the table, once everything is published. Milliseconds. */
const PAUSE_MS = 5;

const target = JSON.parse(process.argv[2] ?? '') as Target;
const { projectId, topic, table, environment } = target;
const authClient = new PassThroughClient();
const pubsub = new PubSub({
  projectId,
  apiEndpoint: environment.PUBSUB_EMULATOR_HOST ?? '',
  emulatorMode: true,
  authClient,
});
const url = environment.BIGQUERY_EMULATOR_HOST ?? '';
const bigquery = new BigQuery({ projectId, apiEndpoint: url, authClient });
bigquery.baseUrl = url;

async function count(what: string, run: string): Promise<number> {
  const query = `SELECT ${what} AS found FROM \`${table}\` WHERE STARTS_WITH(id, @prefix)`;
  const [[row]] = await bigquery.query({ query, params: { prefix: `${run}-` } });
  return Number(row?.found);
}

let runs = 0;
answer(async (total) => {
  runs += 1;
  const run = `bench-${runs}`;
  const began = performance.now();
  await publishRecords(pubsub, topic, run, total);
  while ((await count('COUNT(*)', run)) < total) await delay(PAUSE_MS);
  const seconds = (performance.now() - began) / 1_000;
  const different = await count('COUNT(DISTINCT id)', run);
  if (different !== total) throw new Error(`${total} records were published, ${different} are in the table`);
  return total / seconds;
});

import { text } from 'node:stream/consumers';
import type { BigQuery, Job, JobMetadata } from '@google-cloud/bigquery';
import { interruption, printError, UserError } from '@records/cli';
import { type Account, findStack, LOCAL, type StackChoice, type Target } from '@records/stack';
import { bigqueryClient } from '@records/stack/clients';
import { billOf } from './bill.ts';
import { refusalOf } from './refusal.ts';
import { type Format, type Row, textOfRows } from './rows.ts';

const GIB = 2 ** 30;

interface Options extends StackChoice {
  readonly asAnalyst?: true | undefined;
  readonly dryRun?: true | undefined;
  /** Rows that are printed. */
  readonly limit: number;
  /** The most that may be billed. */
  readonly maxGib: number;
  readonly csv?: true | undefined;
  readonly json?: true | undefined;
}

/** Runs a query of GoogleSQL, `-` for the one on standard input, and prints its rows. Throws UserError. */
export async function runQuery(given: string, options: Options): Promise<void> {
  const target = await findStack(options);
  const client = bigqueryClient(target, options.asAnalyst && analystOf(target, options));
  const query = given === '-' ? await text(process.stdin) : given;
  if (query.trim() === '') throw new UserError('the query is empty', { hint: "try `pnpm sql 'SELECT 1'`" });
  try {
    await (options.dryRun ? explain(client, query) : ask(client, query, options));
  } catch (error) {
    throw refusalOf(error, query);
  }
}

function analystOf({ analyst }: Target, { stack = LOCAL }: Options): Account {
  if (analyst !== undefined) return analyst;
  if (stack === LOCAL) {
    throw new UserError('no service account is among the analysts of the local stack', {
      hint: 'add one to `analysts` in infra/Pulumi.local.yaml',
    });
  }
  throw new UserError(`only the local stack lends an account: on stack "${stack}", you are who gcloud says`, {
    hint: 'leave out --as-analyst',
  });
}

async function explain(client: BigQuery, query: string): Promise<void> {
  const [job] = await client.createQueryJob({ query, dryRun: true });
  console.error(`it would bill ${billOf(job.metadata as JobMetadata)}`);
}

async function ask(client: BigQuery, query: string, options: Options): Promise<void> {
  const { limit, maxGib, csv, json } = options;
  const [job] = await client.createQueryJob({ query, maximumBytesBilled: String(maxGib * GIB) });
  const { signal } = interruption();
  const cancel = (): void => void job.cancel().catch(printError);
  signal.addEventListener('abort', cancel, { once: true });
  const { columns, rows, total } = await resultOf(job, limit);
  const format: Format = json ? 'json' : csv ? 'csv' : 'table';
  if (columns.length > 0) console.log(textOfRows(columns, rows, format));
  await job.getMetadata();
  const metadata = job.metadata as JobMetadata;
  if (rows.length < total)
    console.error(`only the first ${counted(rows.length, 'row')} of ${total}; --limit prints more`);
  console.error(`${changesOf(metadata) ?? counted(total, 'row')}; billed ${billOf(metadata)}`);
}

/** Waits for the job. `total` counts its rows, and `rows` holds the first of them. */
async function resultOf(job: Job, limit: number) {
  const [rows] = (await job.getQueryResults({ maxResults: limit, wrapIntegers: true })) as unknown as [Row[]];
  const [, , result] = await job.getQueryResults({ maxResults: 0, autoPaginate: false });
  const columns = (result?.schema?.fields ?? []).map(({ name = '' }) => name);
  return { columns, rows, total: Number(result?.totalRows ?? 0) };
}

/** What a statement that writes has done. */
function changesOf({ statistics }: JobMetadata): string | undefined {
  const { statementType = 'SELECT', numDmlAffectedRows } = statistics?.query ?? {};
  if (statementType === 'SELECT') return undefined;
  return numDmlAffectedRows === undefined
    ? `${statementType} done`
    : `changed ${counted(Number(numDmlAffectedRows), 'row')}`;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}

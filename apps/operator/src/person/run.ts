import { EXIT, oneLine, printError, table, UserError } from '@records/cli';
import { COLUMN_NAMES, InvalidRecordError, parseRecord } from '@records/records-schema';
import { findStack, LOCAL, type StackChoice } from '@records/stack';
import { confirm } from '../dead-letters/confirm.ts';
import { type Changed, type Copies, People } from './people.ts';
import type { Values } from './statements.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Time travel of the dataset, and BigQuery's fail-safe after it. https://docs.cloud.google.com/bigquery/docs/time-travel */
const [TIME_TRAVEL_DAYS, FAIL_SAFE_DAYS] = [7, 7];
/** BACKLOG_RETENTION in infra/src/components/ingestion.ts. */
const TOPIC_DAYS = 7;
/** Of the bucket _Default, unless the project changes it. https://docs.cloud.google.com/logging/quotas#logs_retention_periods */
const LOG_DAYS = 30;

const DOES = { corrected: 'corrects', forgotten: 'forgets' } as const;

const SWEEP = 'run `pnpm ops person sweep` in 90 minutes; until then no reader sees them';

interface Options extends StackChoice {
  readonly stack: string;
  readonly json?: true | undefined;
}

interface Change extends Options {
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
}

export async function showPerson(who: readonly string[], options: Options): Promise<void> {
  const people = new People(await findStack(options));
  const id = await idOf(people, who);
  const copies = await people.copiesOf(id);
  if (options.json) return console.log(JSON.stringify({ id, ...copies }));
  printCopies(id, people.project, copies);
}

export async function correctPerson(
  who: readonly string[],
  options: Change & { readonly set: Values },
): Promise<void> {
  const { set } = options;
  assertValues(set);
  await change(who, options, 'corrected', async (people, id, copies) => {
    if (copies.amendments.some(({ what }) => what !== 'corrected'))
      throw new UserError('this person was forgotten: nothing is left to correct');
    if (copies.rows.length === 0) throw new UserError('no row has this record: nothing can be corrected');
    return async () => ({ rows: await people.correct(id, set), deadLetters: 0 });
  });
}

/** Throws UserError for a value that no publisher may send. */
function assertValues(set: Values): void {
  try {
    parseRecord({ ...{ id: 'id', nombre: 'nombre', apellido: 'apellido', pais: 'pais' }, ...set });
  } catch (error) {
    if (!(error instanceof InvalidRecordError)) throw error;
    throw new UserError(error.issues.map(({ field, rule }) => `${field} ${rule}`).join('; '), {
      cause: error,
    });
  }
}

export async function forgetPerson(who: readonly string[], options: Change): Promise<void> {
  await change(who, options, 'forgotten', async (people, id, { rows, amendments, deadLetters }) => {
    if (rows.length + amendments.length + deadLetters === 0)
      throw new UserError('the stack has no copy of this record', { hint: 'check the id: case counts' });
    return () => people.forget(id);
  });
}

export async function sweep(options: Change): Promise<void> {
  const { stack, json, yes, dryRun = false } = options;
  const people = new People(await findStack(options));
  if (stack !== LOCAL && !dryRun && !yes) await confirm(stack, 'deletes what arrived again of people in');
  const { rows, deadLetters } = await people.sweep(dryRun);
  if (json) console.log(JSON.stringify({ rows, deadLetters, dryRun }));
  else {
    const verb = dryRun ? 'would be' : 'were';
    console.log(`${rows ?? 0} rows and ${deadLetters} dead letters of forgotten people ${verb} deleted`);
  }
  reportUnwritten(rows);
}

type Act = () => Promise<{ readonly rows: Changed; readonly deadLetters: number }>;

async function change(
  who: readonly string[],
  options: Change,
  what: keyof typeof DOES,
  prepare: (people: People, id: string, copies: Copies) => Promise<Act>,
): Promise<void> {
  const { stack, json, yes, dryRun } = options;
  const people = new People(await findStack(options));
  const id = await idOf(people, who);
  const copies = await people.copiesOf(id);
  const act = await prepare(people, id, copies);
  if (!json) printCopies(id, people.project, copies);
  if (dryRun) {
    console.log(json ? JSON.stringify({ ...receiptOf(what, copies), dryRun }) : 'nothing was changed');
    return;
  }
  if (stack !== LOCAL && !yes) await confirm(stack, `${DOES[what]} one person in`);
  const { rows, deadLetters } = await act();
  const receipt = { ...receiptOf(what, copies), changed: { rows: rows ?? 0, deadLetters } };
  console.log(json ? JSON.stringify(receipt) : textOf(receipt));
  reportUnwritten(rows);
}

/** An id, or values that match one record. Throws UserError. */
async function idOf(people: People, who: readonly string[]): Promise<string> {
  const [first = '', ...more] = who;
  if (!first.includes('=') && more.length === 0) return first;
  const values = who.map((text) => {
    const [name = '', ...rest] = text.split('=');
    const isColumn = COLUMN_NAMES.slice(1).some((column) => column === name);
    if (isColumn && rest.length > 0) return [name, rest.join('=')] as const;
    throw new UserError(`"${text}" is neither one id nor a value such as nombre=Ana`, {
      hint: `the names are ${COLUMN_NAMES.slice(1).join(', ')}`,
    });
  });
  return await people.idOf(Object.fromEntries(values));
}

/** What was done, for the files of the operator: without the id, a name or a value. */
function receiptOf(what: string, { key, rows, amendments, deadLetters, lists }: Copies) {
  const now = Date.now();
  const inDays = (days: number) => new Date(now + days * DAY_MS).toISOString();
  return {
    record: `sha256:${key}`,
    what,
    at: new Date(now).toISOString(),
    found: {
      rows: rows.reduce((sum, { copies }) => sum + copies, 0),
      amendments: amendments.length,
      deadLetters,
      lists: lists.count,
    },
    /** When the last copy of each kind is gone by itself. */
    goneBy: {
      lists: lists.until ?? inDays(1),
      topic: inDays(TOPIC_DAYS),
      timeTravel: inDays(TIME_TRAVEL_DAYS),
      failSafe: inDays(TIME_TRAVEL_DAYS + FAIL_SAFE_DAYS),
      logs: inDays(LOG_DAYS),
    },
  };
}

function textOf(receipt: object): string {
  const lines = Object.entries(receipt).map(([name, value]) => {
    const text =
      typeof value === 'object'
        ? Object.entries(value)
            .map(([key, one]) => `${key} ${one}`)
            .join(', ')
        : value;
    return [name, String(text)];
  });
  return `receipt, without personal data\n${table(lines)}`;
}

function printCopies(id: string, project: string, { rows, amendments, deadLetters, lists }: Copies): void {
  const values = (record: Readonly<Record<string, string | null>>) =>
    oneLine(Object.values(record).join(' '));
  const lines = [
    ['where', 'copies', ''],
    ...rows.map((row) => ['rows', String(row.copies), values(row.values)]),
    ...amendments.map(({ what, at, values: changed }) => [
      'amendment',
      '1',
      `${what} ${at} ${values(changed)}`,
    ]),
    ['dead letters', String(deadLetters), 'with the id; others may not be readable'],
    ['lists', String(lists.count), lists.until ? `may have it, the last until ${lists.until}` : ''],
    // To read them takes a subscription of one's own and a seek, and officers may not create one.
    ['topic', '?', `keeps messages for ${TOPIC_DAYS} days, which only a new subscription could read`],
    ['logs', '?', `name ids that lists leave out: ${logSearch(id, project)}`],
  ];
  console.log(table(lines));
}

/** The only lines with an id are of rows that lists leave out. https://docs.cloud.google.com/logging/docs/view/logging-query-language */
function logSearch(id: string, project: string): string {
  const filter = `jsonPayload.leftOut.id=${JSON.stringify(oneLine(id))}`.replaceAll("'", "'\\''");
  return `gcloud logging read '${filter}' --freshness=${LOG_DAYS}d --project=${project}`;
}

function reportUnwritten(rows: Changed): void {
  if (rows !== undefined) return;
  printError(
    new UserError('some rows are in the streaming buffer and could not be changed', { hint: SWEEP }),
  );
  process.exitCode = EXIT.failed;
}

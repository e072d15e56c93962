import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientsOf, LocalStack } from '@records/local';
import { REPOSITORY } from '../shared/paths.ts';
import { AGE, addAgeToTopic, backlogOf, publishPeople, tableOf } from '../shared/people.ts';
import { whole } from '../shared/report.ts';
import { drained } from '../shared/waiting.ts';

/** The most messages that one run of `pnpm ops dead-letters replay` reads. */
const MESSAGES_MAX = 100_000;

interface Counts {
  readonly rows: number;
  readonly distinctIds: number;
  readonly deadLetters: number;
}

/** Makes dead letters, adds the column that they need, and replays them twice by the operator's command. */
export async function benchReplay(messages: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-replay-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const stack = cleanUp.use(await LocalStack.create());
  const { deadLetterSubscription: subscription } = stack.outputs;
  const { datasetId, tableId } = tableOf(stack);
  const { bigquery, pubsub } = clientsOf(stack);
  await pubsub.close();
  const stackFile = join(folder, 'stack.json');
  // Without `publisher`, the command publishes as the developer.
  const { publisher: _, ...description } = stack.description;
  await writeFile(stackFile, JSON.stringify(description));

  /** Adds the column, then the field, in the order of docs/schema-change.md. */
  async function addColumn(): Promise<void> {
    const columns = (await stack.cloud.bigquery.getTable(datasetId, tableId)).schema?.fields ?? [];
    const schema = { fields: [...columns, AGE.column] };
    await stack.cloud.bigquery.patchTable(datasetId, tableId, { schema });
    await addAgeToTopic(stack);
  }

  /** Waits until every message is in the table or a dead letter. */
  async function settled(): Promise<Counts> {
    await drained(() => backlogOf(stack));
    const query = `SELECT COUNT(*) AS stored, COUNT(DISTINCT id) AS ids FROM \`${datasetId}.${tableId}\``;
    const [[row]] = await bigquery.query(query);
    const deadLetters = await stack.cloud.pubsub.backlogSize({ subscription });
    return { rows: Number(row.stored), distinctIds: Number(row.ids), deadLetters };
  }

  const began = performance.now();
  await publishPeople(
    stack,
    Array.from({ length: messages }, (_, n) => `replay-${n}`),
    AGE.value,
  );
  const poisoned = await settled();
  console.log(
    `${whole(messages)} messages with an unknown field: ${whole(poisoned.deadLetters)} dead letters`,
  );
  await addColumn();
  const replayed = await replay(stackFile);
  const first = await settled();
  console.log(
    `column added, ${whole(replayed)} replayed: ${whole(first.rows)} rows, ${whole(first.distinctIds)} distinct ids, ${whole(first.deadLetters)} dead letters left`,
  );
  const again = await replay(stackFile);
  const second = await settled();
  const changes =
    again + Math.abs(second.rows - first.rows) + Math.abs(second.deadLetters - first.deadLetters);
  console.log(`second replay: ${whole(changes)} changes`);
  console.log(`${((performance.now() - began) / 1_000).toFixed(1)} s`);
  const promises: readonly (readonly [boolean, string])[] = [
    [poisoned.rows === 0 && poisoned.deadLetters === messages, 'not every message became a dead letter'],
    [replayed === messages, 'not every dead letter was replayed'],
    [first.rows === messages && first.distinctIds === messages, 'not every message was stored exactly once'],
    [first.deadLetters === 0, 'dead letters are left'],
    [changes === 0, 'a second replay changed something'],
  ];
  return promises.flatMap(([isKept, otherwise]) => (isKept ? [] : [otherwise]));
}

/** Answers how many messages the command says it has published again. */
async function replay(stackFile: string): Promise<number> {
  const cli = join(REPOSITORY, 'apps', 'operator', 'src', 'cli.ts');
  const args = [
    cli,
    'dead-letters',
    'replay',
    '--stack-file',
    stackFile,
    '--limit',
    `${MESSAGES_MAX}`,
    '--json',
  ];
  // Asynchronous: this process serves the command.
  const stdout = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, args, (error, stdout, stderr) =>
      error ? reject(new Error(`pnpm ops dead-letters replay: ${stderr}${stdout}`)) : resolve(stdout),
    ),
  );
  return (JSON.parse(stdout) as { replayed: number }).replayed;
}

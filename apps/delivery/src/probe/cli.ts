import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deployedOutputs, REPOSITORY } from '@records/stack';
import { exitCodeOf, UsageError } from '../errors.ts';

const USAGE = `Usage: pnpm probe                            the declared job, in a system of its own on this machine
       pnpm probe --stack STACK              the same program against a stack that Pulumi deployed, as you
       pnpm probe --api URL --topic TOPIC --table TABLE --location LOCATION

Publishes a record whose id begins with probe-, waits until the API serves exactly it, and deletes it. Prints the one line that
the job writes, too. Exit code 1 when a stage failed, which the line names: publish, visible or delete.

Options:
  -s, --stack STACK     dev, staging, prod, …
  --api URL             such as http://127.0.0.1:8080, with the three below
  --topic TOPIC         projects/PROJECT/topics/TOPIC
  --table TABLE         PROJECT.DATASET.TABLE
  --location LOCATION   of the table's dataset
  --help                print this

PUBSUB_EMULATOR_HOST and BIGQUERY_EMULATOR_HOST lead to a local cloud. An API that is private lets in the job alone:
gcloud run jobs execute records-probe --region REGION --wait
`;

process.exitCode = await exitCodeOf(USAGE, async () => {
  const text = { type: 'string' } as const;
  const { stack, ...given } = parseArgs({
    options: { api: text, topic: text, table: text, location: text, stack: { ...text, short: 's' } },
  }).values;
  const { api, topic, table, location } = given;
  const count = Object.keys(given).length;
  if (stack !== undefined && count > 0) throw new UsageError('--stack excludes the other options');
  if (count > 0 && count < 4) throw new UsageError('--api, --topic, --table and --location go together');
  if (stack !== undefined) {
    const found = await deployedOutputs(stack);
    return await run({ ...found, api: found.apiUrl, location: found.region });
  }
  if (api !== undefined) return await run({ api, topic, table, location });
  const { LocalStack } = await import('@records/local');
  await using local = await LocalStack.create();
  const { succeeded, lines } = await local.runProbe();
  process.stdout.write(`${lines.join('\n')}\n`);
  return succeeded ? 0 : 1;
});

interface Subject {
  readonly api: string;
  readonly topic: string | undefined;
  readonly table: string | undefined;
  readonly location: string | undefined;
}

/** The program of the job with the variables that its resource would declare; it checks them itself. */
function run({ api, topic, table, location }: Subject): Promise<number> {
  const program = join(REPOSITORY, 'apps', 'api', 'src', 'probe', 'main.ts');
  const env = {
    ...process.env,
    API_URL: api,
    RECORDS_TOPIC: topic,
    RECORDS_TABLE: table,
    BIGQUERY_LOCATION: location,
    GOOGLE_CLOUD_PROJECT: table?.split('.').slice(0, -2).join('.'),
  };
  const child = spawn(process.execPath, [program], { env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

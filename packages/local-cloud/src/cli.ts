import './bigquery/allocator.ts';

import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { CloudError } from './errors.ts';
import { pubsubServiceAgent } from './iam.ts';
import { LocalCloud, PortTakenError } from './local-cloud.ts';
import { PLACEHOLDER_PROJECT_NUMBER } from './pulumi/engine.ts';

const USAGE = `Runs a Google Cloud project on this machine: Pub/Sub, BigQuery and IAM.

Usage: pnpm --filter @records/local-cloud start [options]

  --project <id>           the project (default: local-project)
  --location <location>    location of jobs and datasets that name none (default: US)
  --data-dir <folder>      keeps messages, rows and grants; without it they end with the process
  --pubsub-port <port>     port of Pub/Sub (default: 8085; 0 picks a free one)
  --bigquery-port <port>   port of BigQuery (default: 9050; 0 picks a free one)
  --env                    only print the variables, for: eval "$(pnpm --silent … start --env)"
  --help                   this text

Prints the variables that point Google's clients at it. Ctrl-C stops it.`;

const OPTIONS = {
  project: { type: 'string', default: 'local-project' },
  location: { type: 'string', default: 'US' },
  'data-dir': { type: 'string' },
  'pubsub-port': { type: 'string', default: '8085' },
  'bigquery-port': { type: 'string', default: '9050' },
  env: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** A mistake of the person who typed the command. */
class UsageError extends Error {}

try {
  await run();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof PortTakenError || error instanceof CloudError))
    throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function run(): Promise<void> {
  const options = optionsOf(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const { project: projectId, location } = options;
  const ports = { pubsub: portOf('pubsub-port', options), bigquery: portOf('bigquery-port', options) };
  if (options.env) {
    printVariables(projectId, {
      PUBSUB_EMULATOR_HOST: `127.0.0.1:${ports.pubsub}`,
      BIGQUERY_EMULATOR_HOST: `http://127.0.0.1:${ports.bigquery}/bigquery/v2`,
    });
    return;
  }
  const dataDir = options['data-dir'];
  await using cloud = await LocalCloud.create({
    projectId,
    location,
    ports,
    ...(dataDir !== undefined && { dataDir }),
    onEvent: (event) => {
      if (event.type === 'log') console.error(`${event.source}: ${event.message}`);
    },
  });
  printVariables(projectId, cloud.environment);
  const { PUBSUB_EMULATOR_HOST: pubsub, BIGQUERY_EMULATOR_HOST: bigquery } = cloud.environment;
  console.log(`# Ready: Pub/Sub at ${pubsub}, BigQuery at ${bigquery}. Ctrl-C stops it.`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  // Nothing else keeps the process alive while no client is connected.
  const alive = setInterval(() => {}, 2 ** 30);
  await once(stop.signal, 'abort');
  clearInterval(alive);
}

function optionsOf(args: string[]) {
  try {
    return parseArgs({ args: args.filter((arg) => arg !== '--'), options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`, { cause: error });
  }
}

function portOf(
  name: 'pubsub-port' | 'bigquery-port',
  options: { 'pubsub-port': string; 'bigquery-port': string },
): number {
  const text = options[name];
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--${name} is "${text}": it must be a number from 0 to 65535`);
}

function printVariables(projectId: string, environment: Readonly<Record<string, string>>): void {
  const { PUBSUB_EMULATOR_HOST = '', BIGQUERY_EMULATOR_HOST = '' } = environment;
  const variables = {
    GOOGLE_CLOUD_PROJECT: projectId,
    PUBSUB_EMULATOR_HOST,
    BIGQUERY_EMULATOR_HOST,
    METADATA_SERVER_DETECTION: 'none',
    // gcloud and bq.
    CLOUDSDK_CORE_PROJECT: projectId,
    CLOUDSDK_AUTH_ACCESS_TOKEN: 'local',
    CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB: `http://${PUBSUB_EMULATOR_HOST}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY: `${BIGQUERY_EMULATOR_HOST}/`,
  };
  console.log(
    `# Grants of dead letters and BigQuery subscriptions: ${pubsubServiceAgent(PLACEHOLDER_PROJECT_NUMBER)}`,
  );
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}=${value}`);
}

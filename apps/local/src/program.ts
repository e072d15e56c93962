import { resolve } from 'node:path';
import { integer, Option, program } from '@records/cli';
import { LOCAL_FOLDER } from '@records/stack';
import { CHAOS_SETTINGS, readChaos } from './chaos-option.ts';
import { GONE_COLUMNS } from './gone-columns.ts';

/** The ports of `pnpm dev`: the variable that sets each, and its default. */
export const PORTS = {
  api: { service: 'the API', variable: 'API_PORT', port: 8080 },
  pubsub: { service: 'Pub/Sub', variable: 'PUBSUB_PORT', port: 8085 },
  bigquery: { service: 'BigQuery', variable: 'BIGQUERY_PORT', port: 9050 },
  console: { service: 'the console', variable: 'CONSOLE_PORT', port: 4000 },
} as const;

const chaosSettings = Object.entries(CHAOS_SETTINGS)
  .map(([name, { effect }]) => `  ${name.padEnd(12)}  ${effect}`)
  .join('\n');

export const dev = program('dev', {
  summary: 'run the whole system on this machine',
  example: 'pnpm dev --chaos redeliver=0.05,reorder=0.1,seed=7',
  description:
    'Runs the whole system on this machine: a local cloud, the Pulumi program of infra/, and the API. ' +
    'Applies a change to infra/ or the API when you save it. Ctrl-C stops everything.',
  more: `Settings of --chaos, probabilities from 0 to 1 unless they say otherwise:\n${chaosSettings}`,
})
  .option('--fresh', 'start empty: delete the records, messages and resources of earlier runs')
  .option('--json', 'print addresses, stack outputs and environment as one line of JSON')
  .option('--chaos <settings>', 'make Pub/Sub unreliable, by the settings below', readChaos)
  .option(
    '--folder <path>',
    'keep everything in this folder and take free ports: runs beside another (default: .local)',
  )
  .addOption(
    new Option(
      '--columns <choice>',
      'what to do with stored columns that infra/ no longer declares, without a question',
    ).choices(GONE_COLUMNS),
  )
  .addOption(portOption('--api-port <port>', PORTS.api))
  .addOption(portOption('--pubsub-port <port>', PORTS.pubsub))
  .addOption(portOption('--bigquery-port <port>', PORTS.bigquery))
  .addOption(portOption('--console-port <port>', PORTS.console))
  .action(async ({ fresh = false, json = false, chaos, columns, folder, consolePort, ...ports }, command) => {
    const { runDev } = await import('./dev.ts');
    const { Terminal } = await import('./terminal.ts');
    const isChosen = (option: string) => command.getOptionValueSource(option) !== 'default';
    const port = (option: 'apiPort' | 'pubsubPort' | 'bigqueryPort') =>
      folder === undefined || isChosen(option) ? ports[option] : 0;
    await runDev(
      {
        ...{ fresh, chaos, columns },
        folder: folder === undefined ? LOCAL_FOLDER : resolve(folder),
        ports: { api: port('apiPort'), pubsub: port('pubsubPort'), bigquery: port('bigqueryPort') },
        console: { port: consolePort, isChosen: isChosen('consolePort') },
      },
      new Terminal(json),
    );
  });

/** An empty variable counts as unset. */
function portOption<const Flags extends string>(
  flags: Flags,
  { service, variable, port }: { readonly service: string; readonly variable: string; readonly port: number },
) {
  const parse = integer(0, 65_535);
  return new Option(flags, `port of ${service}; 0 picks a free one`)
    .env(variable)
    .default(port)
    .argParser((text: string) => (text === '' ? port : parse(text)));
}

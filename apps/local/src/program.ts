import { integer, Option, program } from '@records/cli';
import { CHAOS_SETTINGS, readChaos } from './chaos-option.ts';

/** The variable that sets each port of `pnpm dev`, and its default. */
export const PORT_VARIABLES = {
  api: { variable: 'API_PORT', port: 8080 },
  pubsub: { variable: 'PUBSUB_PORT', port: 8085 },
  bigquery: { variable: 'BIGQUERY_PORT', port: 9050 },
  console: { variable: 'CONSOLE_PORT', port: 4000 },
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
  .addOption(portOption('--api-port <port>', 'port of the API', PORT_VARIABLES.api))
  .addOption(portOption('--pubsub-port <port>', 'port of Pub/Sub', PORT_VARIABLES.pubsub))
  .addOption(portOption('--bigquery-port <port>', 'port of BigQuery', PORT_VARIABLES.bigquery))
  .addOption(portOption('--console-port <port>', 'port of the console', PORT_VARIABLES.console))
  .action(
    async (
      { fresh = false, json = false, chaos, apiPort, pubsubPort, bigqueryPort, consolePort },
      command,
    ) => {
      const { runDev } = await import('./dev.ts');
      const { Terminal } = await import('./terminal.ts');
      const ports = { api: apiPort, pubsub: pubsubPort, bigquery: bigqueryPort };
      const isChosen = command.getOptionValueSource('consolePort') !== 'default';
      await runDev({ fresh, chaos, ports, console: { port: consolePort, isChosen } }, new Terminal(json));
    },
  );

/** An empty variable counts as unset. */
function portOption<const Flags extends string>(
  flags: Flags,
  what: string,
  { variable, port }: { readonly variable: string; readonly port: number },
) {
  const parse = integer(0, 65_535);
  return new Option(flags, `${what}; 0 picks a free one`)
    .env(variable)
    .default(port)
    .argParser((text: string) => (text === '' ? port : parse(text)));
}

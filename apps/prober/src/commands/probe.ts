import { type Command, EXIT, Option, UserError, verb } from '@records/cli';
import { deployedOutputs } from '@records/stack';
import { apiOption, deployedOption, type StartLocal, topicOption } from './where.ts';

/** Adds `probe` to a program. `startLocal` starts the system to probe when no option names one. */
export function addProbe(parent: Command, startLocal: StartLocal) {
  return verb(parent, 'probe', {
    summary: 'the probe of a stack passes',
    example: 'pnpm prove probe -s prod',
    description: `Publishes a made-up record to the prober's own topic, waits until its own table has one row more and until the API is ready. Prints the line that the job logs.
Without options it starts a system of its own on this machine and runs the declared job there. With options it runs the program of the job as you.`,
    more: `
Exit code 1 when a stage failed; the line names it: count, publish, arrive or ready.
PUBSUB_EMULATOR_HOST and BIGQUERY_EMULATOR_HOST lead to a local cloud.
A private API lets in the job alone: gcloud run jobs execute records-probe --region REGION --wait`,
  })
    .addOption(deployedOption('api', 'topic', 'table', 'location'))
    .addOption(apiOption())
    .addOption(topicOption())
    .addOption(new Option('--table <name>', 'the table of probes: PROJECT.DATASET.TABLE'))
    .addOption(new Option('--location <name>', "location of the table's dataset"))
    .action(async ({ stack, ...given }, command) => {
      const count = Object.keys(given).length;
      if (stack !== undefined) {
        const { apiUrl, region, probeTopic, probeTable } = await deployedOutputs(stack);
        if (probeTopic === undefined) {
          throw new UserError(`stack ${stack} has no prober`, {
            hint: `set prober to true and deploy the stack`,
          });
        }
        await run({ api: apiUrl, location: region, topic: probeTopic, table: probeTable });
      } else if (count === 4) {
        await run(given);
      } else if (count > 0) {
        command.error('error: --api, --topic, --table and --location go together');
      } else {
        await using local = await startLocal();
        const { succeeded, lines } = await local.runProbe();
        console.log(lines.join('\n'));
        if (!succeeded) process.exitCode = EXIT.failed;
      }
    });
}

/** Runs the program of the job with the variables that its resource would declare. */
async function run({ api, location, topic, table }: Partial<Record<string, string>>): Promise<void> {
  // Google's authentication takes a quarter of a second to load.
  const { configOrExit } = await import('@records/runtime');
  const { readProbeConfig } = await import('../config.ts');
  const config = configOrExit(readProbeConfig, {
    ...process.env,
    API_URL: api,
    PROBE_TOPIC: topic,
    PROBE_TABLE: table,
    BIGQUERY_LOCATION: location,
    GOOGLE_CLOUD_PROJECT: table?.split('.').slice(0, -2).join('.'),
  });
  const { runProbeJob } = await import('../job.ts');
  process.exitCode = await runProbeJob(config);
}

import { setTimeout } from 'node:timers/promises';
import { MetricsError, observe } from './canary/metrics.ts';
import { canary } from './canary/run.ts';
import { TakenOverError } from './canary/steps.ts';
import { stopOnSignals } from './canary/stop.ts';
import { INFRA } from './examples.ts';
import { recall } from './last-deployment.ts';
import { checkDigest, verifyProvenance } from './promote.ts';
import { CommandError, pulumiCli, readCommand } from './pulumi-cli.ts';
import { stackCommand, UsageError } from './stack-command.ts';

const USAGE = `Usage: pnpm canary IMAGE -s STACK [--verify OWNER/NAME]

Asks a revision with the image at an address of its own, gives it 10 and then all of the requests, as its metrics allow; gives
them back to the revision before when they do not, and on Ctrl-C. Exit code 1 when it went back. Needs gcloud, for the metrics.

Options:
  -s, --stack STACK       prod, …
  --verify OWNER/NAME     only if the deploy workflow of that repository built it from main (needs gh)
  --help                  print this

API_ID_TOKEN is sent to an API that is private.
`;

const SERVICE = 'records-api';

process.exitCode = await stackCommand(
  USAGE,
  { verify: { type: 'string' } },
  async ({ stack, positionals, text }) => {
    const [image, ...rest] = positionals;
    if (image === undefined || rest.length > 0) throw new UsageError('Which image? Name one, by its digest.');
    checkDigest(image);
    const repository = text('verify');
    if (repository !== undefined) await verifyProvenance(image, repository);
    await recall(stack, pulumiCli);
    const { project } = (await pulumiCli.ask(['stack', 'output', '--stack', stack])) as { project: string };
    const token = () => readCommand('gcloud', ['auth', 'print-access-token'], INFRA);
    const stop = stopOnSignals(process);
    try {
      const outcome = await canary({
        ...{ stack, image, pulumi: pulumiCli, signal: stop.signal, idToken: process.env.API_ID_TOKEN },
        observe: (revisions, since, now) =>
          observe(revisions, since, now, { project, service: SERVICE, token }),
        now: Date.now,
        nextMinute: () => setTimeout(60_000, undefined, { signal: stop.signal }),
        log: (line) => process.stdout.write(`${line}\n`),
      });
      return stop.exitCodeOf(outcome);
    } catch (error) {
      const isOurs = error instanceof MetricsError || error instanceof TakenOverError;
      if (isOurs) throw new CommandError(error.message);
      throw error;
    }
  },
);

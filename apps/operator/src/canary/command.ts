import { setTimeout } from 'node:timers/promises';
import { type Command, EXIT, type Interruption, interruption, verb } from '@records/cli';
import { INFRA, pulumi, readCommand, readDeployment, stackOption } from '@records/stack';
import { imageByDigest, verifyOption, verifyProvenance } from '../promote.ts';
import type { Outcome } from './run.ts';

const SERVICE = 'records-api';

export function addCanary(ops: Command): void {
  verb(ops, 'canary', {
    summary: 'roll out as far as the metrics allow',
    description:
      'Starts a revision with the image, checks it at an address of its own, and gives it 10 % and then all of the requests, as its metrics allow. Otherwise, and on Ctrl-C, sends every request back to the previous revision.',
    example: 'pnpm ops canary "$IMAGE" -s prod',
    more: `Needs gcloud, for the metrics. API_ID_TOKEN is sent to a private API.
Exit code 1 when every request went back.`,
  })
    .argument('<image>', 'by its digest', imageByDigest)
    .addOption(stackOption())
    .addOption(verifyOption())
    .action(async (image, { stack, verify }) => {
      if (verify !== undefined) await verifyProvenance(image, verify);
      const { project = '' } = await readDeployment(stack, pulumi);
      const token = () => readCommand('gcloud', ['auth', 'print-access-token'], INFRA);
      const [{ canary }, { observe }] = await Promise.all([import('./run.ts'), import('./metrics.ts')]);
      const stop = stopOnSignals();
      const outcome = await canary({
        ...{ stack, image, pulumi, signal: stop.signal, idToken: process.env.API_ID_TOKEN },
        observe: (revisions, since, now) =>
          observe(revisions, since, now, { project, service: SERVICE, token }),
        now: Date.now,
        nextMinute: () => setTimeout(60_000, undefined, { signal: stop.signal }),
        log: (line) => process.stdout.write(`${line}\n`),
      });
      process.exitCode = exitCodeOf(outcome, stop);
    });
}

/** Stops at the first signal. Further ones change nothing: by then the requests are on their way back. */
export function stopOnSignals(from: Pick<NodeJS.Process, 'on'> = process): Interruption {
  return interruption({ once: from.on.bind(from) as NodeJS.Process['once'] });
}

export function exitCodeOf(outcome: Outcome, stop: Interruption): number {
  if (outcome === 'interrupted') return stop.exitCode() ?? EXIT.failed;
  return outcome === 'promoted' ? 0 : EXIT.failed;
}

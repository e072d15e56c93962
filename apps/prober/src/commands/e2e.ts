import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type Command, EXIT, integer, Option, UserError, verb } from '@records/cli';
import { deployedOutputs, lastPart } from '@records/stack';
import type { Subject } from '../e2e/suite.ts';
import { apiOption, deployedOption, type StartLocal, topicOption } from './where.ts';

/** The longest wait for one step, and the pause between two checks. */
const LOCAL = { seconds: 30, pauseMs: 100 };
const DEPLOYED = { seconds: 300, pauseMs: 2_000 };

interface Report {
  readonly stack?: string;
  readonly timeout?: number;
  readonly json?: true;
  readonly out?: string;
}

/** Adds `e2e` to a program. `startLocal` starts the system to check when no option names one. */
export function addE2e(parent: Command, startLocal: StartLocal) {
  return verb(parent, 'e2e', {
    summary: 'a published record can be read, and a refused message is kept',
    example: 'pnpm prove e2e -s staging',
    description: `Publishes a record and reads it through the API, has a message refused and finds it in the dead letters, and removes both.
Without options it starts a system of its own on this machine. The id of each record that it publishes begins with e2e-.`,
    more: `
Exit code 1 when a check failed. At Google, what its documentation does not promise is reported and fails nothing. API_ID_TOKEN is sent to a private API.
With --api, PUBSUB_EMULATOR_HOST and BIGQUERY_EMULATOR_HOST lead to a local cloud.`,
  })
    .addOption(deployedOption('api', 'topic', 'target'))
    .addOption(
      new Option('--target <name>', 'local: a system of its own')
        .choices(['local'])
        .conflicts(['api', 'topic']),
    )
    .addOption(apiOption())
    .addOption(topicOption())
    .option('--timeout <seconds>', 'longest wait for one step (default: 300, local 30)', integer(1, 3_600))
    .option('--allow-prod', 'check the stack prod, whose readers may see the record until it is removed')
    .option('--json', 'print JSON')
    .option('--out <file>', 'append the result to a file, as Markdown')
    .action(async ({ stack, api, topic, allowProd, ...report }, command) => {
      const { API_ID_TOKEN: idToken } = process.env;
      if (stack !== undefined) {
        if (lastPart(stack) === 'prod' && !allowProd) {
          throw new UserError(`readers of stack ${stack} may see a made-up record until it is removed`, {
            hint: 'pass --allow-prod if that is what you want',
          });
        }
        const { apiUrl, topic } = await deployedOutputs(stack);
        await check({ api: apiUrl, topic, idToken, environment: {}, isGoogle: true }, DEPLOYED, {
          stack,
          ...report,
        });
      } else if (api !== undefined && topic !== undefined) {
        await check(
          {
            ...{ api, topic, idToken, environment: process.env as Subject['environment'] },
            isGoogle: !process.env.PUBSUB_EMULATOR_HOST,
          },
          DEPLOYED,
          report,
        );
      } else if (api !== undefined || topic !== undefined) {
        command.error('error: --api and --topic go together');
      } else {
        await using local = await startLocal();
        const { apiUrl, topic } = local.outputs;
        await check({ api: apiUrl, topic, environment: local.environment, isGoogle: false }, LOCAL, report);
      }
    });
}

async function check(subject: Subject, { seconds, pauseMs }: typeof LOCAL, report: Report): Promise<void> {
  // Google's clients take half a second to load.
  const { EndToEndSuite } = await import('../e2e/suite.ts');
  const { markdownOf, textOf } = await import('../e2e/report.ts');
  const { stack = subject.api, timeout = seconds, json, out } = report;
  const waits = { waitMs: timeout * 1_000, pauseMs, now: Date.now, pause: (ms: number) => setTimeout(ms) };
  const checks = await new EndToEndSuite(subject, waits).run();
  const passed = checks.every(({ outcome }) => outcome === 'passed' || outcome === 'unconfirmed');
  console.log(json ? JSON.stringify({ passed, checks }) : `${subject.api}\n${textOf(checks)}`);
  if (out !== undefined) appendFileSync(out, markdownOf(stack, checks));
  if (!passed) process.exitCode = EXIT.failed;
}

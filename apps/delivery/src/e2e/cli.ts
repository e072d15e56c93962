import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { exitCodeOf, UsageError } from '../errors.ts';
import type { Subject } from './subject.ts';

const USAGE = `Usage: pnpm e2e [--target local]                  a system of its own on this machine
       pnpm e2e --stack STACK                     one that Pulumi deployed
       pnpm e2e --api URL --topic TOPIC           any: an address and projects/PROJECT/topics/TOPIC

Publishes a record and reads it through the API, has a message refused and finds it in the dead letters, and removes both.
Every record of a run has an id that begins with e2e-. Exit code 1 when a check failed, by name.

Options:
  -s, --stack STACK   dev, staging, …
  --target local      the default
  --api URL           with --topic
  --topic TOPIC       with --api
  --timeout SECONDS   longest wait for one thing to happen (default: 300, local 30)
  --allow-prod        also the stack prod, whose readers may see the record until it is removed
  --json              print JSON
  --out FILE          add the result to this file, as Markdown
  --help              print this

API_ID_TOKEN is sent to an API that is private. PUBSUB_EMULATOR_HOST and BIGQUERY_EMULATOR_HOST lead to a local cloud.
`;

process.exitCode = await exitCodeOf(USAGE, async () => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    options: {
      ...{ target: text, api: text, topic: text, timeout: text, out: text },
      ...{ 'allow-prod': flag, json: flag },
      stack: { type: 'string', short: 's' },
    },
  });
  const { target, stack, api, topic } = values;
  if (target !== undefined && target !== 'local')
    throw new UsageError(`--target must be local, got "${target}"`);
  if ([target, stack, api ?? topic].filter((one) => one !== undefined).length > 1) {
    throw new UsageError('--target, --stack and --api with --topic exclude each other');
  }
  if ((api === undefined) !== (topic === undefined)) throw new UsageError('--api and --topic go together');
  if (stack?.split('/').at(-1) === 'prod' && !values['allow-prod']) {
    throw new UsageError(
      'stack prod would show a made-up record to its readers: --allow-prod if that is wanted',
    );
  }
  const timeout = values.timeout === undefined ? undefined : Number(values.timeout);
  if (timeout !== undefined && !(timeout >= 1 && timeout <= 3600)) {
    throw new UsageError(`--timeout must be 1 to 3600 seconds, got "${values.timeout}"`);
  }
  const test = async (subject: Subject, seconds: number, pauseMs: number): Promise<number> => {
    const [{ endToEnd }, { markdownOf, textOf }] = await Promise.all([
      import('./run.ts'),
      import('./report.ts'),
    ]);
    const pause = (ms: number) => setTimeout(ms);
    const waitMs = (timeout ?? seconds) * 1000;
    const checks = await endToEnd(subject, { waitMs, pauseMs, now: Date.now, pause });
    const passed = checks.every(({ outcome }) => outcome === 'passed');
    process.stdout.write(
      values.json ? `${JSON.stringify({ passed, checks })}\n` : `${subject.api}\n${textOf(checks)}\n`,
    );
    if (values.out) appendFileSync(values.out, markdownOf(stack ?? subject.api, checks));
    return passed ? 0 : 1;
  };
  if (stack === undefined && api === undefined) {
    const { LocalStack } = await import('@records/local');
    await using local = await LocalStack.create();
    const { apiUrl, topic: localTopic } = local.outputs;
    return await test({ api: apiUrl, topic: localTopic, environment: local.environment }, 30, 100);
  }
  const { deployedOutputs } = await import('@records/stack');
  const found =
    stack === undefined ? { apiUrl: api ?? '', topic: topic ?? '' } : await deployedOutputs(stack);
  const { API_ID_TOKEN: idToken, PUBSUB_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST } = process.env;
  const environment = stack === undefined ? { PUBSUB_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST } : {};
  return await test({ api: found.apiUrl, topic: found.topic, idToken, environment }, 300, 2_000);
});

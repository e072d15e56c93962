import { once } from 'node:events';
import { join } from 'node:path';
import { removeStackFile, runningStack, STACK_FILE, writeStackFile } from '@records/stack';
import type { Console } from './console.ts';
import { interruption } from './interruption.ts';
import { LocalStack } from './local-stack.ts';
import type { DevOptions } from './options.ts';
import { INFRA, LOCAL_FOLDER, REPOSITORY } from './paths.ts';
import { watchFiles } from './watch.ts';

/** What a first run finds in the table. */
const FIRST_SEED = { count: 1000, seed: 42 };

/** Somebody is running `pnpm dev` in this checkout already. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

/** Runs `pnpm dev` until it is interrupted. */
export async function dev(options: DevOptions, console: Console): Promise<void> {
  const started = performance.now();
  const other = await runningStack();
  if (other) {
    throw new AlreadyRunningError(
      `pnpm dev is already running in this checkout, as process ${other.pid} (${STACK_FILE}): ` +
        `stop it with Ctrl-C or "kill ${other.pid}"`,
    );
  }
  const interrupted = interruption();
  console.note('Starting the local cloud and applying infra/ to it');
  if (options.chaos) console.note(`Delivering badly on purpose: ${JSON.stringify(options.chaos)}`);
  await using stack = await LocalStack.create({
    dataDir: join(LOCAL_FOLDER, 'cloud'),
    fresh: options.fresh,
    ports: options.ports,
    ...(options.chaos === undefined ? {} : { chaos: options.chaos }),
    onEvent: (event) => console.event(event),
  });
  await seedWhenEmpty(stack, console, interrupted);
  const stopWatching = await watch(stack, console, interrupted);
  try {
    await publishDescription(stack);
    console.ready(stack.description, (performance.now() - started) / 1000);
    if (!interrupted.aborted) await once(interrupted, 'abort');
  } finally {
    await stopWatching();
    await removeStackFile();
    console.note('Stopping');
  }
}

async function seedWhenEmpty(stack: LocalStack, console: Console, signal: AbortSignal): Promise<void> {
  if (!(await stack.isEmpty()) || signal.aborted) return;
  console.note(`Seeding ${FIRST_SEED.count} records, since the table is empty`);
  // Only a first run waits for it to load.
  const { problemsOf, seedRecords } = await import('@records/seeder');
  const result = await seedRecords({ ...FIRST_SEED, target: stack.seedTarget, signal });
  for (const problem of problemsOf(result)) console.note(problem);
}

async function watch(
  stack: LocalStack,
  console: Console,
  interrupted: AbortSignal,
): Promise<() => Promise<void>> {
  // What Ctrl-C interrupts did not fail.
  const problem = (title: string, error: unknown): void => {
    if (!interrupted.aborted) console.problem(title, error);
  };
  const schema = join(REPOSITORY, 'packages', 'records-schema', 'src');
  const program = ['index.ts', 'Pulumi.yaml', 'Pulumi.local.yaml', 'src'].map((path) => join(INFRA, path));
  const stops = await Promise.all([
    watchFiles(
      {
        paths: [...program, schema],
        matches: /\.(ts|yaml)$/,
        async onChange() {
          const began = performance.now();
          console.note('infra/ changed, applying it');
          const { steps } = await stack.redeploy();
          await publishDescription(stack);
          const changes = steps.filter(({ operation }) => operation !== 'same').length;
          console.note(
            `${changes === 0 ? 'Nothing to change' : `Applied ${changes} changes`} (${since(began)})`,
          );
        },
      },
      (error) => problem('infra/ was not applied; save again to retry', error),
    ),
    watchFiles(
      {
        paths: [join(REPOSITORY, 'apps', 'api', 'src'), schema],
        matches: /\.ts$/,
        async onChange() {
          const began = performance.now();
          await stack.restartApi();
          console.note(`The API restarted (${since(began)})`);
        },
      },
      (error) => problem('The API does not start; save again to retry', error),
    ),
  ]);
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

function publishDescription(stack: LocalStack): Promise<void> {
  return writeStackFile(stack.description);
}

function since(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

import { once } from 'node:events';
import { join } from 'node:path';
import { interruption, UserError } from '@records/cli';
import { type ChaosOptions, CloudError, DeploymentError, PortTakenError } from '@records/local-cloud';
import {
  INFRA,
  LOCAL_FOLDER,
  REPOSITORY,
  removeStackFile,
  runningStack,
  STACK_FILE,
  writeStackFile,
} from '@records/stack';
import { Activity, FAILED_SAVES, SAVE_AGAIN, type SavedPart } from './activity.ts';
import { type ConsolePort, openConsole } from './console/open-console.ts';
import { LocalStack, type Ports } from './local-stack.ts';
import { PORT_VARIABLES } from './program.ts';
import type { Terminal } from './terminal.ts';
import { watchFiles } from './watch.ts';

/** Published into an empty table. */
const FIRST_SEED = { count: 1000, seed: 42 };

export interface DevOptions {
  /** Delete what earlier runs stored. */
  readonly fresh: boolean;
  readonly ports: Ports;
  readonly chaos: ChaosOptions | undefined;
  readonly console: ConsolePort;
}

/** Runs `pnpm dev` until it is interrupted. Throws UserError when the stack cannot start. */
export async function runDev(options: DevOptions, terminal: Terminal): Promise<void> {
  const started = performance.now();
  const other = await runningStack();
  if (other) {
    throw new UserError(`pnpm dev already runs in this checkout, as process ${other.pid} (${STACK_FILE})`, {
      hint: `stop it with Ctrl-C or: kill ${other.pid}`,
    });
  }
  const { signal } = interruption();
  terminal.note('Starting the local cloud and applying infra/ to it');
  if (options.chaos) terminal.note(`Chaos: ${JSON.stringify(options.chaos)}`);
  const activity = new Activity();
  await using stack = await startStack(options, terminal, activity);
  await seedWhenEmpty(stack, terminal, signal);
  const stopWatching = await watch(stack, { terminal, activity }, signal);
  try {
    await publishDescription(stack);
    const seconds = (performance.now() - started) / 1000;
    await using page = await openConsole(stack, activity, options.console, (error) =>
      terminal.problem('The console failed', error),
    );
    terminal.ready(stack.description, seconds, page.url);
    const stopReading = page.openOnKey((text) => terminal.note(text));
    if (!signal.aborted) await once(signal, 'abort');
    stopReading();
  } finally {
    await stopWatching();
    await removeStackFile();
    terminal.note('Stopping');
  }
}

async function startStack(
  { fresh, ports, chaos }: DevOptions,
  terminal: Terminal,
  activity: Activity,
): Promise<LocalStack> {
  try {
    return await LocalStack.create({
      dataDir: join(LOCAL_FOLDER, 'cloud'),
      fresh,
      ports,
      ...(chaos === undefined ? {} : { chaos }),
      onEvent(event) {
        terminal.event(event);
        activity.record(event);
      },
    });
  } catch (error) {
    if (error instanceof PortTakenError) {
      const { pubsub, bigquery } = PORT_VARIABLES;
      const { variable } = error.option === 'ports.pubsub' ? pubsub : bigquery;
      throw new UserError(`port ${error.port} is taken`, {
        hint: `stop the process that listens on it, or choose a free port: ${variable}=0 pnpm dev`,
        cause: error,
      });
    }
    if (error instanceof DeploymentError || error instanceof CloudError)
      throw new UserError(`pnpm dev cannot start: ${error.message}`, { cause: error });
    throw error;
  }
}

async function seedWhenEmpty(stack: LocalStack, terminal: Terminal, signal: AbortSignal): Promise<void> {
  if (!(await stack.isEmpty()) || signal.aborted) return;
  terminal.note(`The table is empty: publishing ${FIRST_SEED.count} records`);
  // The seeder takes long to load, and only a first run needs it.
  const { problemsOf, seedRecords } = await import('@records/seeder');
  const result = await seedRecords({ ...FIRST_SEED, target: stack.seedTarget, signal });
  for (const problem of problemsOf(result)) terminal.note(problem);
}

async function watch(
  stack: LocalStack,
  { terminal, activity }: { terminal: Terminal; activity: Activity },
  interrupted: AbortSignal,
): Promise<() => Promise<void>> {
  // A deployment that Ctrl-C interrupts has not failed.
  const problem = (part: SavedPart, error: unknown): void => {
    if (interrupted.aborted) return;
    terminal.problem(`${FAILED_SAVES[part].en}; ${SAVE_AGAIN.en}`, error);
    activity.failed(part, error);
  };
  const applied = (part: SavedPart, message: string): void => {
    terminal.note(message);
    activity.applied(part, message);
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
          terminal.note('infra/ changed, applying it');
          const { steps } = await stack.redeploy();
          await publishDescription(stack);
          const changes = steps.filter(({ operation }) => operation !== 'same').length;
          applied(
            'infra',
            `${changes === 0 ? 'Nothing to change' : `Applied ${changes} changes`} (${since(began)})`,
          );
        },
      },
      (error) => problem('infra', error),
    ),
    watchFiles(
      {
        paths: [join(REPOSITORY, 'apps', 'api', 'src'), schema],
        matches: /\.ts$/,
        async onChange() {
          const began = performance.now();
          await stack.restartApi();
          applied('api', `The API restarted (${since(began)})`);
        },
      },
      (error) => problem('api', error),
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

import { once } from 'node:events';
import { join } from 'node:path';
import { interruption, UserError } from '@records/cli';
import {
  type ChaosOptions,
  CloudError,
  DeploymentError,
  type GoneColumns,
  PortTakenError,
  systemClock,
} from '@records/local-cloud';
import { removeStackFile, runningStack, STACK_FILE_NAME, writeStackFile } from '@records/stack';
import { Activity } from './activity.ts';
import { Announcer, type Counts } from './announcer.ts';
import { Changes } from './changes.ts';
import { readRoutes } from './console/api-metrics.ts';
import { type ConsolePort, openConsole } from './console/open-console.ts';
import { DevLog, LOG_NAME } from './dev-log.ts';
import { lockFolder } from './folder-lock.ts';
import { assertSpace } from './free-space.ts';
import { askAboutColumns } from './gone-columns.ts';
import { LocalStack, type Ports } from './local-stack.ts';
import { assertPortsFree, type WantedPort } from './ports.ts';
import { PORTS } from './program.ts';
import { readable } from './readable-error.ts';
import type { Terminal } from './terminal.ts';

/** Published into an empty table. */
const FIRST_SEED = { count: 1000, seed: 42 };

export interface DevOptions {
  /** Delete what earlier runs stored. */
  readonly fresh: boolean;
  /** Of the data, and of the description for other processes. Created when missing. */
  readonly folder: string;
  readonly ports: Ports;
  readonly chaos: ChaosOptions | undefined;
  /** What to do with stored columns that infra/ no longer declares; a person is asked when absent. */
  readonly columns: GoneColumns | undefined;
  readonly console: ConsolePort;
}

/** Runs `pnpm dev` until it is interrupted. Throws UserError when the stack cannot start. */
export async function runDev(options: DevOptions, terminal: Terminal): Promise<void> {
  const started = performance.now();
  const { folder } = options;
  const stackFile = join(folder, STACK_FILE_NAME);
  using lock = lockFolder(folder);
  if (!lock) throw await alreadyRuns(folder, stackFile);
  // What a killed run left.
  await removeStackFile(stackFile);
  await assertSpace(folder);
  await assertPortsFree(wantedPorts(options));
  const { signal } = interruption();
  const activity = new Activity();
  const logFile = join(folder, LOG_NAME);
  using log = new DevLog(logFile, (reason) => terminal.note(reason));
  activity.onEntry((entry) => log.add(entry));
  const say = (message: string): void => {
    terminal.note(message);
    activity.record({ type: 'note', message });
  };
  say('Starting the local cloud and applying infra/ to it');
  if (options.chaos) say(`Chaos: ${JSON.stringify(options.chaos)}`);
  await using stack = await startStack(options, { terminal, activity, signal, say });
  await seedWhenEmpty(stack, say, signal);
  const describe = () => writeStackFile(stack.description, stackFile);
  const changes = new Changes(stack, { terminal, activity, onDeployed: describe, interrupted: signal });
  const stopWatching = await changes.watch();
  const failed = (what: string) => (error: unknown) => terminal.problem(`${what} failed`, error);
  try {
    await describe();
    const seconds = (performance.now() - started) / 1000;
    await using page = await openConsole(stack, activity, options.console, failed('The console'));
    terminal.ready(stack.description, seconds, { page: page.url, folder, log: logFile });
    const stopReading = page.openOnKey((text) => terminal.note(text));
    using _ = new Announcer({
      ...{ clock: systemClock, read: () => countsOf(stack), say },
      onError: failed('Counting messages and requests'),
    });
    if (!signal.aborted) await once(signal, 'abort');
    stopReading();
  } finally {
    await stopWatching();
    await removeStackFile(stackFile);
    say('Stopping');
  }
}

function wantedPorts({ ports, console: page }: DevOptions): WantedPort[] {
  const { api, pubsub, bigquery } = PORTS;
  return [
    { ...api, port: ports.api },
    { ...pubsub, port: ports.pubsub },
    { ...bigquery, port: ports.bigquery },
    ...(page.isChosen ? [{ ...PORTS.console, port: page.port }] : []),
  ];
}

async function alreadyRuns(folder: string, stackFile: string): Promise<UserError> {
  // Until it is ready, and after a fault, nothing says which process it is.
  const pid = (await runningStack(stackFile).catch(() => undefined))?.pid;
  return new UserError(
    `a stack already runs with the data in ${folder}${pid === undefined ? '' : `, as process ${pid}`}`,
    {
      hint: `stop it with Ctrl-C${pid === undefined ? '' : ` or kill ${pid}`}, or run beside it: pnpm dev --folder .local/second`,
    },
  );
}

/** The parts that every run starts with. */
interface Run {
  readonly terminal: Terminal;
  readonly activity: Activity;
  readonly signal: AbortSignal;
  readonly say: (message: string) => void;
}

async function startStack(
  options: DevOptions,
  { terminal, activity, signal, say }: Run,
): Promise<LocalStack> {
  const { fresh, folder, ports, chaos, columns: choice } = options;
  try {
    return await LocalStack.create({
      dataDir: join(folder, 'cloud'),
      fresh,
      ports,
      ...(chaos === undefined ? {} : { chaos }),
      onGoneColumns: (problems) =>
        askAboutColumns(problems, { choice, signal, say, terminal: interactive() }),
      onEvent(event) {
        terminal.event(event);
        activity.record(event);
      },
    });
  } catch (error) {
    // Somebody took it since it was looked at.
    if (error instanceof PortTakenError) await assertPortsFree(wantedPorts(options));
    if (signal.aborted) throw new UserError('stopped before the stack was ready', { cause: error });
    if (!(error instanceof DeploymentError || error instanceof CloudError)) throw error;
    const hint = error instanceof CloudError && error.hint !== undefined ? `\n${error.hint}` : '';
    const message = `the stack cannot start: ${readable(error.message)}${hint}`;
    activity.record({ type: 'note', message });
    throw new UserError(message, { hint: `every line is in ${join(folder, LOG_NAME)}`, cause: error });
  }
}

/** Where a person reads and answers; not a pipe. */
function interactive() {
  const { stdin: input, stderr: output } = process;
  return input.isTTY && output.isTTY ? { input, output } : undefined;
}

async function seedWhenEmpty(
  stack: LocalStack,
  say: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (!(await stack.isEmpty()) || signal.aborted) return;
  say(`The table is empty: publishing ${FIRST_SEED.count} records`);
  // The seeder takes long to load, and only a first run needs it.
  const { problemsOf, seedRecords } = await import('@records/seeder');
  const result = await seedRecords({ ...FIRST_SEED, target: stack.seedTarget, signal });
  for (const problem of problemsOf(result)) say(problem);
}

async function countsOf(stack: LocalStack): Promise<Counts> {
  const { topics, subscriptions } = stack.cloud.pubsub.measurements();
  const routes = await readRoutes(stack.apiMetrics);
  const refusals = topics.flatMap(({ requests }) => [...requests].filter(([result]) => result !== 'success'));
  return {
    deadLetters: subscriptions.reduce((sum, { deadLettered }) => sum + deadLettered, 0),
    refusals: sums(refusals),
    statuses: routes && sums(routes.map(({ status, requests }) => [status, requests])),
  };
}

function sums<Key>(counts: readonly (readonly [Key, number])[]): Map<Key, number> {
  const totals = new Map<Key, number>();
  for (const [key, count] of counts) totals.set(key, (totals.get(key) ?? 0) + count);
  return totals;
}

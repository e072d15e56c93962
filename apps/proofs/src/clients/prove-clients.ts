import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LocalCloud } from '@records/local-cloud';
import { conclude } from '../shared/report.ts';
import { CommandError, Workshop } from '../shared/workshop.ts';
import { CLIENTS, type Client } from './clients.ts';

const PROJECT = { projectId: 'records-local', projectNumber: '123456789012' };

const SHOWN_CHARACTERS = 300;

/** The lines that a program prints. */
const LINE = /^(right|refused|wrong): (.*)$/;

export interface Day {
  readonly right: number;
  readonly refused: number;
  readonly wrong: readonly string[];
  /** Why the client was not tried. */
  readonly skipped?: string;
}

/** Lets Google's own clients, in every language at hand, spend a day with a local cloud. */
export async function proveClients(seconds: number): Promise<void> {
  const deadline = AbortSignal.timeout(seconds * 1_000);
  await using cloud = await LocalCloud.create({ ...PROJECT, location: 'southamerica-west1' });
  const environment = { ...cloud.environment, ...googleVariables(cloud.environment) };
  const days = new Map<string, Day>();
  await Promise.all(
    Object.entries(CLIENTS).map(async ([name, client]) => {
      days.set(name, await dayOf(name, client, environment, deadline));
    }),
  );
  console.log(
    `\n${'client'.padEnd(12)}${['right', 'refused', 'wrong'].map((word) => word.padStart(9)).join('')}`,
  );
  for (const [name, { right, refused, wrong, skipped }] of days) {
    const cells = [right, refused, wrong.length].map((count) => String(count).padStart(9));
    console.log(`${name.padEnd(12)}${skipped === undefined ? cells.join('') : `  skipped: ${skipped}`}`);
  }
  conclude([...days].flatMap(([name, { wrong }]) => wrong.map((step) => `${name}: ${step}`)));
}

/** What gcloud and the programs need beside the variables of the cloud. */
function googleVariables(environment: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PROJECT_NUMBER: PROJECT.projectNumber,
    CLOUDSDK_CORE_PROJECT: PROJECT.projectId,
    CLOUDSDK_AUTH_ACCESS_TOKEN: 'local',
    CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB: `http://${environment.PUBSUB_EMULATOR_HOST}/`,
  };
}

async function dayOf(
  name: string,
  client: Client,
  environment: Readonly<Record<string, string>>,
  deadline: AbortSignal,
): Promise<Day> {
  await using workshop = await Workshop.open(undefined, deadline);
  const skipped = (reason: string): Day => {
    console.log(`${name}: skipped: ${reason}`);
    return { right: 0, refused: 0, wrong: [], skipped: reason };
  };
  let commands: readonly (readonly [string, ...string[]])[];
  try {
    commands = await client.prepare(workshop);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (deadline.aborted) return skipped('it was not installed in time');
    return skipped(error.isMissing ? error.message : `${error.message}: ${oneLine(error.output)}`);
  }
  const steps: string[] = [];
  const failures: string[] = [];
  for (const [program, ...args] of commands) {
    const failure = await run(program, args, { environment, deadline }, (line) => {
      if (LINE.test(line)) console.log(`${name}: ${line}`);
      steps.push(line);
    });
    if (failure !== undefined) failures.push(failure);
  }
  return summaryOf(steps, failures);
}

/** Counts the lines of a day. A program that printed no step, or failed, is wrong. */
export function summaryOf(lines: readonly string[], failures: readonly string[]): Day {
  const steps = lines.flatMap((line) => {
    const [, verdict, step = ''] = LINE.exec(line) ?? [];
    return verdict === undefined ? [] : [{ verdict, step }];
  });
  const countOf = (verdict: string) => steps.filter((step) => step.verdict === verdict).length;
  const wrong = steps.filter(({ verdict }) => verdict === 'wrong').map(({ step }) => step);
  if (steps.length === 0) wrong.push('printed no step');
  return { right: countOf('right'), refused: countOf('refused'), wrong: [...wrong, ...failures] };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(-SHOWN_CHARACTERS);
}

/** Runs a program, and returns why it failed. */
function run(
  program: string,
  args: readonly string[],
  { environment, deadline }: { environment: Readonly<Record<string, string>>; deadline: AbortSignal },
  print: (line: string) => void,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const options = { env: { ...process.env, ...environment }, signal: deadline };
  const child = execFile(program, args, options, (error, _, stderr) => {
    if (error === null) resolve(undefined);
    else resolve(deadline.aborted ? 'did not end in time' : oneLine(`${error.message} ${stderr}`));
  });
  if (child.stdout) createInterface({ input: child.stdout }).on('line', print);
  return promise;
}

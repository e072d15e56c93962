/** The program of `StackProcess`: `node stack-process-main.ts DATA_DIR CHAOS API_PRELOAD`. Sends a `StackReady`, then answers. */
import { LocalStack } from '@records/local';
import type { Target } from '@records/stack';
import { answer } from './forked-process.ts';
import { backlogOf } from './people.ts';

export type StackQuestion = 'backlog' | 'kill the API';

export interface StackReady {
  readonly target: Target;
  readonly apiUrl: string;
  /** host:port */
  readonly pubsub: string;
  /** The variables that another process of the API needs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly apiEnvironment: Readonly<Record<string, string>>;
}

export interface StackAnswer {
  /** Messages that are not in the table yet. */
  readonly backlog: number;
  readonly deadLetters: number;
  /** The processes of the API that were running, by their ids. */
  readonly apis: readonly number[];
}

const [dataDir = '', chaos = '{}', apiPreload = ''] = process.argv.slice(2);
const stack = await LocalStack.create({
  ...(dataDir === '' ? {} : { dataDir }),
  chaos: JSON.parse(chaos),
  ...(apiPreload === '' ? {} : { apiPreload }),
});
const { deadLetterSubscription: subscription, apiUrl } = stack.outputs;

answer(async (question: StackQuestion): Promise<StackAnswer> => {
  const apis = stack.cloud.cloudRun.services().flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  if (question === 'kill the API') stack.killApi();
  return {
    backlog: await backlogOf(stack),
    deadLetters: await stack.cloud.pubsub.backlogSize({ subscription }),
    apis,
  };
});

const ready: StackReady = {
  target: stack.seedTarget,
  apiUrl,
  pubsub: stack.environment.PUBSUB_EMULATOR_HOST ?? '',
  environment: stack.environment,
  apiEnvironment: stack.apiEnvironment,
};
process.send?.(ready);

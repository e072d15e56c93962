/** The program of `StackProcess`: `node stack-process-main.ts OPTIONS`, its options as JSON. Sends a `StackReady`, then answers. */
import { LocalStack, type LocalStackOptions } from '@records/local';
import type { Target } from '@records/stack';
import { answer } from './forked-process.ts';
import { backlogOf } from './people.ts';

export type StackProcessOptions = Pick<LocalStackOptions, 'dataDir' | 'settings' | 'chaos' | 'apiPreload'>;

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

const stack = await LocalStack.create(JSON.parse(process.argv[2] ?? '') as StackProcessOptions);
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

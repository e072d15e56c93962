/** The local cloud, in a process that can be killed: `node stack-process.ts DATA_DIR CHAOS`, in memory when DATA_DIR is empty. Talks to its parent. */
import type { Target } from '@records/stack';
import { LocalStack } from '../../src/local-stack.ts';

/** What the parent may ask. Each is answered by a `StackAnswer`. */
export type StackQuestion = 'backlog' | 'kill the API';

export interface StackReady {
  readonly target: Target;
  readonly apiUrl: string;
  /** host:port */
  readonly pubsub: string;
}

export interface StackAnswer {
  /** Messages that are not in the table yet. */
  readonly backlog: number;
  readonly deadLetters: number;
  /** Processes of the API that ran when the question came. */
  readonly apis: number;
}

process.once('disconnect', () => process.exit(1));

const [dataDir = '', chaos = '{}'] = process.argv.slice(2);
const stack = await LocalStack.create({
  ...(dataDir === '' ? {} : { dataDir }),
  chaos: JSON.parse(chaos),
});
const { topic, deadLetterSubscription, apiUrl } = stack.outputs;
const { pubsub } = stack.cloud;
const { subscriptions } = await pubsub.listTopicSubscriptions({ topic });
const backlogOf = (subscription: string) => pubsub.backlogSize({ subscription });

process.on('message', async (question: StackQuestion) => {
  const apis = stack.cloud.cloudRun.services().filter(({ pid }) => pid !== undefined).length;
  if (question === 'kill the API') stack.killApi();
  const sizes = await Promise.all(subscriptions.map(backlogOf));
  const answer: StackAnswer = {
    backlog: sizes.reduce((sum, size) => sum + size, 0),
    deadLetters: await backlogOf(deadLetterSubscription),
    apis,
  };
  process.send?.(answer);
});

const host = stack.environment.PUBSUB_EMULATOR_HOST ?? '';
const ready: StackReady = {
  target: stack.seedTarget,
  apiUrl,
  pubsub: host,
};
process.send?.(ready);

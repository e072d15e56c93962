import { CloudError } from '@records/local-cloud';
import type { Activity } from '../activity.ts';
import type { LocalStack } from '../local-stack.ts';
import { readRoutes } from './api-metrics.ts';
import type { RouteCount } from './event-state.ts';
import type { StackState, Trouble } from './stack-state.ts';

/** The one way in which the console knows the stack. */
export interface StackView {
  readonly stack: LocalStack;
  readonly activity: Activity;
  /** The pipeline in numbers, as `/api/state` answers it. */
  state(): Promise<StackState>;
  /** Requests to the API, by route and status. Undefined while it does not answer. */
  routes(): Promise<readonly RouteCount[] | undefined>;
}

type Numbers = Omit<StackState, 'troubles'>;

export function viewOf(stack: LocalStack, activity: Activity): StackView {
  const routes = () => readRoutes(stack.apiMetrics);
  return {
    stack,
    activity,
    routes,
    async state() {
      const numbers = await numbersOf(stack, routes);
      return { ...numbers, troubles: [...activity.troubles, ...troublesOf(numbers, activity)] };
    },
  };
}

async function numbersOf(stack: LocalStack, routes: StackView['routes']): Promise<Numbers> {
  const { outputs, cloud } = stack;
  const [writer, rows, answered] = await Promise.all([writerOf(stack), rowsOf(stack), routes()]);
  const { topics, subscriptions } = cloud.pubsub.measurements();
  const topic = topics.find(({ id }) => id === lastPart(outputs.topic));
  const of = (name: string | undefined) => subscriptions.find(({ id }) => id === lastPart(name ?? ''));
  const written = of(writer?.name);
  return {
    at: Date.now(),
    topic: { name: outputs.topic, published: topic?.published ?? 0, refused: refusedOf(topic?.requests) },
    subscription: {
      name: writer?.name,
      state: writer?.state ?? 'NOT_FOUND',
      delivered: written?.acknowledged ?? 0,
      waiting: written?.backlog ?? 0,
      oldestSeconds: written?.oldestAgeSeconds ?? 0,
    },
    deadLetters: {
      subscription: outputs.deadLetterSubscription,
      waiting: of(outputs.deadLetterSubscription)?.backlog ?? 0,
    },
    table: { name: outputs.table, rows },
    api: {
      url: outputs.apiUrl,
      isRunning: stack.isApiRunning,
      answered: answered && {
        requests: requestsIn(answered, 0),
        refused: requestsIn(answered, 400, 500),
        failed: requestsIn(answered, 500),
      },
    },
  };
}

/** The subscription that writes to the table. */
async function writerOf({ cloud, outputs }: LocalStack) {
  const { subscriptions } = await cloud.pubsub.listSubscriptions({ project: `projects/${outputs.project}` });
  const found = subscriptions.find(
    ({ bigqueryConfig }) => bigqueryConfig?.table?.replace(':', '.') === outputs.table,
  );
  return found && { name: found.name ?? '', state: String(found.bigqueryConfig?.state ?? found.state) };
}

async function rowsOf({ cloud, outputs }: LocalStack): Promise<number | undefined> {
  const [, datasetId = '', tableId = ''] = outputs.table.split('.');
  try {
    return Number((await cloud.bigquery.getTable(datasetId, tableId)).numRows);
  } catch (error) {
    // A deployment may be replacing it.
    if (error instanceof CloudError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

function requestsIn(routes: readonly RouteCount[], from: number, below = 600): number {
  return sum(routes.filter(({ status }) => status >= from && status < below).map(({ requests }) => requests));
}

function refusedOf(requests: ReadonlyMap<string, number> = new Map()): number {
  return sum([...requests].map(([result, count]) => (result === 'success' ? 0 : count)));
}

function troublesOf({ subscription, deadLetters, table, api }: Numbers, activity: Activity): Trouble[] {
  const troubles: Trouble[] = [];
  if (subscription.state !== 'ACTIVE') {
    const { name, state } = subscription;
    const detail = name && activity.lastWarning('pubsub', name);
    troubles.push({
      part: 'subscription',
      sentence: name
        ? { en: `${name} is in state ${state}.`, es: `${name} está en el estado ${state}.` }
        : { en: 'No subscription writes to the table.', es: 'Ninguna suscripción escribe en la tabla.' },
      ...(detail && { detail }),
    });
  }
  if (deadLetters.waiting > 0) {
    const { waiting } = deadLetters;
    const where = lastPart(deadLetters.subscription);
    const sentence =
      waiting === 1
        ? {
            en: `1 dead letter waits in ${where}: the table refused this message.`,
            es: `Hay 1 mensaje no entregable en ${where}: la tabla lo rechazó.`,
          }
        : {
            en: `${waiting} dead letters wait in ${where}: the table refused these messages.`,
            es: `Hay ${waiting} mensajes no entregables en ${where}: la tabla los rechazó.`,
          };
    troubles.push({
      part: 'subscription',
      sentence,
      view: { name: 'dead-letters', text: { en: 'See why, and replay them', es: 'Ver por qué, y reenviar' } },
    });
  }
  if (table.rows === undefined) {
    const sentence = { en: `${table.name} does not exist.`, es: `${table.name} no existe.` };
    troubles.push({ part: 'table', sentence });
  }
  if (!api.isRunning && !activity.troubles.some(({ part }) => part === 'api')) {
    troubles.push({
      part: 'api',
      sentence: { en: 'The API is not running.', es: 'La API no está en marcha.' },
    });
  }
  return troubles;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

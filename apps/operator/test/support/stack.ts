import { BigQuery, BigQueryServer, Iam, PubSub, PubSubServer, systemClock } from '@records/local-cloud';
import type { Target } from '@records/stack';

const PROJECT = 'operator-test';
const NUMBER = '123456789012';
const AGENT = `serviceAccount:service-${NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com`;
const name = (kind: string, id: string) => `projects/${PROJECT}/${kind}/${id}`;
const TOPIC = name('topics', 'records');
const GRAVE = name('topics', 'dead-letters');
const WRITER = name('subscriptions', 'writer');
const DEAD_LETTERS = name('subscriptions', 'dead-letters');

/** The trace of every message of a test. */
export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

/** A topic whose messages go into a table, and into dead letters when the table refuses them. */
export class TestStack implements AsyncDisposable {
  readonly target: Target;
  readonly #bigquery: BigQuery;
  readonly #pubsub: PubSub;
  readonly #servers: readonly { close(): Promise<void> }[];

  private constructor(parts: {
    bigquery: BigQuery;
    pubsub: PubSub;
    servers: [PubSubServer, BigQueryServer];
  }) {
    this.#bigquery = parts.bigquery;
    this.#pubsub = parts.pubsub;
    this.#servers = parts.servers;
    const [pubsub, bigquery] = parts.servers;
    this.target = {
      projectId: PROJECT,
      topic: TOPIC,
      table: `${PROJECT}.records.records`,
      deadLetterSubscription: DEAD_LETTERS,
      environment: {
        PUBSUB_EMULATOR_HOST: pubsub.host,
        BIGQUERY_EMULATOR_HOST: `${bigquery.url}/bigquery/v2`,
      },
    };
  }

  static async start(): Promise<TestStack> {
    const iam = new Iam();
    const bigquery = await BigQuery.open({ projectId: PROJECT, location: 'EU', clock: systemClock });
    const pubsub = await PubSub.open({
      clock: systemClock,
      iam,
      warehouse: bigquery,
      projectNumber: () => NUMBER,
    });
    const servers: [PubSubServer, BigQueryServer] = [
      await PubSubServer.listen(pubsub, { port: 0 }),
      await BigQueryServer.listen(bigquery, { port: 0 }),
    ];
    const stack = new TestStack({ bigquery, pubsub, servers });
    await bigquery.insertDataset({ datasetReference: { datasetId: 'records' } });
    await stack.createTable('DATE');
    for (const [resource, role] of [
      [name('datasets', 'records/tables/records'), 'roles/bigquery.dataEditor'],
      [GRAVE, 'roles/pubsub.publisher'],
      [WRITER, 'roles/pubsub.subscriber'],
    ] as const) {
      iam.grant({ resource, role, member: AGENT });
    }
    await pubsub.createTopic({ name: TOPIC });
    await pubsub.createTopic({ name: GRAVE });
    await pubsub.createSubscription({ name: DEAD_LETTERS, topic: GRAVE });
    await pubsub.createSubscription({
      name: WRITER,
      topic: TOPIC,
      bigqueryConfig: { table: `${PROJECT}.records.records`, useTableSchema: true },
      deadLetterPolicy: { deadLetterTopic: GRAVE, maxDeliveryAttempts: 5 },
    });
    return stack;
  }

  /** The content of `.local/stack.json`. */
  get description(): object {
    const { projectId: project, topic, table, deadLetterSubscription, environment } = this.target;
    const outputs = {
      ...{ project, topic, table, deadLetterSubscription },
      ...{ region: 'EU', apiUrl: 'http://127.0.0.1:1', apiKeysSecret: name('secrets', 'keys') },
    };
    return { pid: process.pid, outputs, environment };
  }

  /** Publishes texts that a column of type DATE refuses, and waits until they are dead letters. */
  async poison(count: number, from = 0): Promise<void> {
    const before = await this.deadLetters();
    for (let start = 0; start < count; start += 1_000) {
      const messages = Array.from({ length: Math.min(1_000, count - start) }, (_, index) => ({
        data: Buffer.from(JSON.stringify({ id: `r${from + start + index}`, pais: 'Perú' })),
        attributes: { sender: 'test', googclient_traceparent: TRACEPARENT },
      }));
      await this.#pubsub.publish({ topic: TOPIC, messages });
    }
    await this.written();
    const buried = (await this.deadLetters()) - before;
    if (buried !== count) throw new Error(`${buried} of ${count} are dead letters`);
  }

  /** The table refuses a text when `type` is DATE, and takes it when it is STRING. */
  async mend(): Promise<void> {
    await this.#bigquery.deleteTable('records', 'records');
    await this.createTable('STRING');
  }

  async deleteTopic(): Promise<void> {
    await this.#pubsub.deleteTopic({ topic: TOPIC });
  }

  async createTable(type: string): Promise<void> {
    await this.#bigquery.insertTable('records', {
      tableReference: { datasetId: 'records', tableId: 'records' },
      schema: {
        fields: [
          { name: 'id', type: 'STRING', mode: 'REQUIRED' },
          { name: 'pais', type, mode: 'REQUIRED' },
        ],
      },
    });
  }

  /** Resolves when every message has been written or refused. */
  async written(): Promise<void> {
    while ((await this.#pubsub.backlogSize({ subscription: WRITER })) > 0) await turn();
  }

  deadLetters(): Promise<number> {
    return this.#pubsub.backlogSize({ subscription: DEAD_LETTERS });
  }

  async rows(): Promise<number> {
    return Number((await this.#bigquery.getTable('records', 'records')).numRows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.close();
    await this.#pubsub.close();
    await this.#bigquery.close();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

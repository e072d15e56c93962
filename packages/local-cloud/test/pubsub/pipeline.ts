import type { ChaosOptions } from '../../src/chaos.ts';
import { FakeClock } from '../../src/clock.ts';
import type { Subscription } from '../../src/pubsub/resources.ts';
import type { TableField } from '../../src/warehouse.ts';
import { AGENT, Harness, schemaName, subscriptionName, topicName, until } from './harness.ts';
import { COLUMNS, TestWarehouse } from './warehouse.ts';

export const EDITOR = {
  resource: 'projects/local/datasets/records',
  role: 'roles/bigquery.dataEditor',
  member: AGENT,
};
export const AVRO = {
  type: 'record',
  name: 'Record',
  fields: COLUMNS.map(({ name }) => ({ name, type: 'string' })),
};
export const BIGQUERY_CONFIG = { table: 'local.records.records', useTopicSchema: true };
const DEAD_LETTERS = { deadLetterTopic: topicName('dead'), maxDeliveryAttempts: 5 };
export const writer = subscriptionName('writer');

export const recordOf = (id: string, extra: object = {}) =>
  JSON.stringify({ id, nombre: 'Ana', apellido: 'Pérez', pais: 'Chile', ...extra });

/** A BigQuery subscription from the topic `records` to the table `records`, with everything that it needs. */
export class Pipeline extends AsyncDisposableStack {
  readonly harness: Harness;
  readonly warehouse: TestWarehouse;

  private constructor(harness: Harness, warehouse: TestWarehouse) {
    super();
    this.harness = harness;
    this.warehouse = warehouse;
    this.defer(() => warehouse.bigquery.close());
    this.use(harness);
  }

  /** Creates the topic with its schema, the table, the grants and the dead-letter topic, but no subscription. */
  static async prepare(
    columns: readonly TableField[] = COLUMNS,
    chaos: ChaosOptions = {},
    clock = new FakeClock(),
  ): Promise<Pipeline> {
    const warehouse = await TestWarehouse.open(clock, columns);
    const pipeline = new Pipeline(await Harness.start({ clock, warehouse, chaos }), warehouse);
    const { client, iam, pubsub } = pipeline.harness;
    iam.grant(EDITOR);
    iam.grant({ resource: topicName('dead'), role: 'roles/pubsub.publisher', member: AGENT });
    iam.grant({ resource: writer, role: 'roles/pubsub.subscriber', member: AGENT });
    await client.createSchema('record', 'AVRO', JSON.stringify(AVRO));
    const schemaSettings = { schema: schemaName('record'), encoding: 'JSON' } as const;
    await pubsub.createTopic({ name: topicName('records'), schemaSettings });
    await pipeline.harness.topicWith({}, 'dead', 'graveyard');
    return pipeline;
  }

  static async start(
    subscription: Subscription = {},
    columns?: readonly TableField[],
    chaos?: ChaosOptions,
    clock?: FakeClock,
  ): Promise<Pipeline> {
    const pipeline = await Pipeline.prepare(columns, chaos, clock);
    await pipeline.subscribe(subscription);
    return pipeline;
  }

  subscribe(subscription: Subscription = {}): Promise<Subscription> {
    return this.harness.pubsub.createSubscription({
      name: writer,
      topic: topicName('records'),
      bigqueryConfig: BIGQUERY_CONFIG,
      deadLetterPolicy: DEAD_LETTERS,
      ...subscription,
    });
  }

  backlog(): Promise<number> {
    return this.harness.pubsub.backlogSize({ subscription: writer });
  }

  /** Waits until the backlog is empty. */
  async drained(): Promise<void> {
    await until(async () => (await this.backlog()) === 0);
  }

  async state(): Promise<[unknown, unknown]> {
    const [subscription] = await this.harness.subscriber.getSubscription({ subscription: writer });
    return [subscription.state, subscription.bigqueryConfig?.state];
  }
}

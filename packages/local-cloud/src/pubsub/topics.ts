import { CloudError } from '../errors.ts';
import { alreadyExists, checkName, checkProject, idOf, notFound } from './names.ts';
import { type PageRequest, pageOf } from './pages.ts';
import { DELETED_SCHEMA, type FieldMask, type Topic } from './resources.ts';
import type { Retention } from './retention.ts';
import type { Schemas } from './schemas.ts';
import { type TopicState, topicOf } from './state.ts';
import type { Database } from './store/database.ts';
import type { ResourceTable, StoredResource } from './store/resource-table.ts';
import { checkTopic, TOPIC_MASK, type TopicConfig } from './topic-config.ts';
import { applyMask } from './update-mask.ts';

interface TopicsOptions {
  readonly database: Database;
  readonly table: ResourceTable;
  readonly schemas: Schemas;
  readonly retention: Retention;
  /** Called when the settings of a topic changed. */
  changed(topic: TopicState): void;
}

/** The topics of this Pub/Sub. */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #topics = new Map<string, TopicState>();

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  restore({ key, name, body }: StoredResource): TopicState {
    const topic = topicOf(key, JSON.parse(body));
    this.#topics.set(name, topic);
    return topic;
  }

  all(): Iterable<TopicState> {
    return this.#topics.values();
  }

  has(name: string): boolean {
    return this.#topics.has(name);
  }

  /** Throws NOT_FOUND. */
  find(name: string | null | undefined): TopicState {
    const topic = this.#topics.get(checkName('topics', name));
    if (!topic) throw notFound(String(name));
    return topic;
  }

  create(request: Topic): Promise<Topic> {
    const config = checkTopic(request);
    if (this.#topics.has(config.name)) throw alreadyExists(config.name);
    this.#checkSchema(config);
    const { database, table } = this.#options;
    return database.write(() => {
      const key = table.insert('topic', config.name, config);
      const topic = topicOf(key, config);
      this.#topics.set(config.name, topic);
      return this.#answer(topic);
    });
  }

  get(request: { topic?: string | null }): Topic {
    return this.#answer(this.find(request.topic));
  }

  update(request: { topic?: Topic | null; updateMask?: FieldMask | null }): Promise<Topic> {
    const topic = this.find(request.topic?.name);
    const config = checkTopic(
      applyMask<Topic>(topic.config, request.topic ?? {}, request.updateMask, TOPIC_MASK),
    );
    this.#checkSchema(config);
    const { database, table, changed } = this.#options;
    return database.write(() => {
      table.update(topic.key, config);
      topic.config = config;
      changed(topic);
      return this.#answer(topic);
    });
  }

  /** Its subscriptions keep their backlogs. */
  async delete(request: { topic?: string | null }): Promise<void> {
    const topic = this.find(request.topic);
    const { database, table, retention, changed } = this.#options;
    await database.write(() => {
      table.delete(topic.key);
      topic.deleted = true;
      this.#topics.delete(topic.config.name);
      changed(topic);
    });
    await retention.purge(topic.key, topic);
  }

  list(request: { project?: string | null } & PageRequest): { topics: Topic[]; nextPageToken: string } {
    const prefix = `${checkProject(request.project)}/topics/`;
    const all = [...this.#topics.values()].filter(({ config }) => config.name.startsWith(prefix));
    const { items, nextPageToken } = pageOf(all, ({ config }) => idOf(config.name), request);
    return { topics: items.map((topic) => this.#answer(topic)), nextPageToken };
  }

  listSubscriptions(request: { topic?: string | null } & PageRequest): {
    subscriptions: string[];
    nextPageToken: string;
  } {
    const { subscriptions } = this.find(request.topic);
    const { items, nextPageToken } = pageOf(subscriptions, ({ config }) => config.name, request);
    return { subscriptions: items.map(({ config }) => config.name), nextPageToken };
  }

  #checkSchema({ schemaSettings }: TopicConfig): void {
    if (!schemaSettings) return;
    if (!this.#options.schemas.has(schemaSettings.schema)) {
      throw new CloudError('NOT_FOUND', `Schema not found (resource=${schemaSettings.schema}).`);
    }
    this.#options.schemas.accepted(schemaSettings);
  }

  #answer({ config }: TopicState): Topic {
    const { schemaSettings } = config;
    if (!schemaSettings || this.#options.schemas.has(schemaSettings.schema))
      return { ...config, state: 'ACTIVE' };
    return { ...config, schemaSettings: { ...schemaSettings, schema: DELETED_SCHEMA }, state: 'ACTIVE' };
  }
}

import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';
import { checkFields, checkLabels, isSet } from './fields.ts';
import { SNAPSHOT_SECONDS } from './limits.ts';
import { alreadyExists, checkName, checkProject, idOf, notFound, projectIdOf } from './names.ts';
import { type PageRequest, pageOf } from './pages.ts';
import { DELETED_TOPIC, type FieldMask, millisOf, type Snapshot, timestampOf } from './resources.ts';
import type { Retention } from './retention.ts';
import { deletedTopic, type SnapshotState, type TopicState } from './state.ts';
import type { Database } from './store/database.ts';
import type { MessageTable } from './store/message-table.ts';
import type { ResourceTable, StoredResource } from './store/resource-table.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Topics } from './topics.ts';
import { applyMask } from './update-mask.ts';

interface SnapshotsOptions {
  readonly clock: Clock;
  readonly database: Database;
  readonly table: ResourceTable;
  readonly messages: MessageTable;
  readonly topics: Topics;
  readonly subscriptions: Subscriptions;
  readonly retention: Retention;
}

interface StoredSnapshot {
  readonly config: SnapshotState['config'];
  readonly topicKey: number;
}

const MASK = { message: 'Snapshot', mutable: ['labels', 'expireTime'], immutable: ['name', 'topic'] };

/**
 * Snapshots keep what a subscription has not acknowledged, and what is published to its topic later.
 * https://docs.cloud.google.com/pubsub/docs/replay-overview
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #snapshots = new Map<string, SnapshotState>();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** `topics` maps keys to topics, deleted ones included. */
  restore({ key, body }: StoredResource, topics: ReadonlyMap<number, TopicState>): void {
    const { config, topicKey } = JSON.parse(body) as StoredSnapshot;
    this.#add(key, config, topics.get(topicKey) ?? deletedTopic(topicKey, config.topic));
  }

  has(name: string): boolean {
    return this.#snapshots.has(name);
  }

  all(): Iterable<SnapshotState> {
    return this.#snapshots.values();
  }

  /** Throws NOT_FOUND. */
  find(name: string | null | undefined): SnapshotState {
    const snapshot = this.#snapshots.get(checkName('snapshots', name));
    if (!snapshot) throw notFound(String(name));
    return snapshot;
  }

  /** The snapshot holds all messages from one moment on: they are copied in one write. */
  create(request: {
    name?: string | null;
    subscription?: string | null;
    labels?: Readonly<Record<string, string>> | null;
    tags?: object | null;
  }): Promise<Snapshot> {
    checkFields(request, {
      message: 'CreateSnapshotRequest',
      supported: ['name', 'subscription', 'labels'],
      notEmulated: { tags: 'Resource Manager is not emulated' },
    });
    const { clock, database, table, messages, subscriptions } = this.#options;
    const { key: source, topic } = subscriptions.findAttached(request.subscription);
    const project = `projects/${projectIdOf(String(request.subscription))}`;
    const name = checkName('snapshots', request.name || `${project}/snapshots/s-${randomUUID()}`);
    if (this.#snapshots.has(name)) throw alreadyExists(name);
    const oldest = messages.oldest('backlog', source, 1)[0]?.publishTime ?? clock.now();
    const expireTime = oldest + SNAPSHOT_SECONDS.max * 1e3;
    if (expireTime < clock.now() + SNAPSHOT_SECONDS.min * 1e3) {
      throw new CloudError(
        'FAILED_PRECONDITION',
        `The snapshot would expire in less than ${SNAPSHOT_SECONDS.min} seconds: the oldest unacknowledged message is too old.`,
        { hint: 'acknowledge the old messages, or seek past them, first' },
      );
    }
    const config = { name, topic: topic.config.name, labels: checkLabels(request.labels), expireTime };
    return database.write(() => {
      const key = table.insert('snapshot', name, { config, topicKey: topic.key } satisfies StoredSnapshot);
      messages.retainBacklog(key, source);
      return snapshotOf(this.#add(key, config, topic));
    });
  }

  get(request: { snapshot?: string | null }): Snapshot {
    return snapshotOf(this.find(request.snapshot));
  }

  list(request: { project?: string | null } & PageRequest): { snapshots: Snapshot[]; nextPageToken: string } {
    const prefix = `${checkProject(request.project)}/snapshots/`;
    const all = [...this.#snapshots.values()].filter(({ config }) => config.name.startsWith(prefix));
    const { items, nextPageToken } = pageOf(all, ({ config }) => idOf(config.name), request);
    return { snapshots: items.map(snapshotOf), nextPageToken };
  }

  listOfTopic(request: { topic?: string | null } & PageRequest): {
    snapshots: string[];
    nextPageToken: string;
  } {
    const { snapshots } = this.#options.topics.find(request.topic);
    const { items, nextPageToken } = pageOf(snapshots, ({ config }) => config.name, request);
    return { snapshots: items.map(({ config }) => config.name), nextPageToken };
  }

  update(request: { snapshot?: Snapshot | null; updateMask?: FieldMask | null }): Promise<Snapshot> {
    const snapshot = this.find(request.snapshot?.name);
    const current = snapshotOf(snapshot);
    const next = applyMask<Snapshot>(current, request.snapshot ?? {}, request.updateMask, MASK);
    const expireTime = millisOf(next.expireTime ?? {});
    if (expireTime <= this.#options.clock.now()) {
      throw new CloudError('INVALID_ARGUMENT', 'Invalid expire_time: it must be in the future.', {
        hint: 'to drop a snapshot now, delete it',
      });
    }
    const config = { ...snapshot.config, labels: checkLabels(next.labels), expireTime };
    const { database, table } = this.#options;
    return database.write(() => {
      table.update(snapshot.key, { config, topicKey: snapshot.topic.key } satisfies StoredSnapshot);
      snapshot.config = config;
      return snapshotOf(snapshot);
    });
  }

  delete(request: { snapshot?: string | null }): Promise<void> {
    return this.#delete(this.find(request.snapshot));
  }

  /** Deletes the expired snapshots. */
  async sweep(now: number): Promise<void> {
    for (const snapshot of [...this.#snapshots.values()]) {
      if (snapshot.config.expireTime <= now) await this.#delete(snapshot);
    }
  }

  async #delete(snapshot: SnapshotState): Promise<void> {
    const { database, table, retention } = this.#options;
    await database.write(() => {
      table.delete(snapshot.key);
      this.#snapshots.delete(snapshot.config.name);
      snapshot.topic.snapshots.delete(snapshot);
    });
    await retention.purge(snapshot.key, snapshot.topic);
  }

  #add(key: number, config: SnapshotState['config'], topic: TopicState): SnapshotState {
    const snapshot: SnapshotState = { key, config, topic };
    topic.snapshots.add(snapshot);
    this.#snapshots.set(config.name, snapshot);
    return snapshot;
  }
}

function snapshotOf({
  config: { name, topic, labels, expireTime },
  topic: { deleted },
}: SnapshotState): Snapshot {
  return {
    name,
    topic: deleted ? DELETED_TOPIC : topic,
    expireTime: timestampOf(expireTime),
    ...(isSet(labels) && { labels }),
  };
}

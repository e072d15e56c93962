import type { SQLOutputValue } from 'node:sqlite';
import type { Database } from './database.ts';
import { type IdRange, rangesOf } from './id-ranges.ts';

/** A stored message. Times are in milliseconds since the epoch. */
export interface StoredMessage {
  readonly id: number;
  readonly publishTime: number;
  readonly orderingKey: string | null;
  /** The publisher's attributes as JSON; null when there are none. */
  readonly attributes: string | null;
  /** Key in `stamps` of the attributes that Pub/Sub adds. */
  readonly stamp: number | null;
  readonly data: Uint8Array;
}

/** A message in a subscription's backlog. */
export interface BacklogMessage extends StoredMessage {
  /** Failed delivery attempts. */
  readonly failures: number;
  /** When the backoff ends; 0 without backoff. */
  readonly availableAt: number;
}

/** Ids are reserved on disk in blocks, so that no id is used twice after a crash. */
const ID_BLOCK = 100_000;

const MESSAGE = 'm.id, m.publish_time, m.ordering_key, m.attributes, m.stamp, m.data';
const BACKLOG = `SELECT ${MESSAGE}, b.failures, b.available_at
  FROM backlog b JOIN messages m ON m.id = b.message WHERE b.subscription = ?`;

/** Messages and the owners that need them. Changes must run inside `Database.write`. */
export class MessageTable {
  readonly #sql;
  /** Stamps by key, and keys by stamp. There is one per schema revision. */
  readonly #stamps = new Map<number, Readonly<Record<string, string>>>();
  readonly #stampKeys = new Map<string, number>();
  /** The last stamp used: the messages of a request share the object. */
  #lastStamp: { readonly attributes: object; readonly key: number } | undefined;
  #nextId: number;
  #reserved: number;
  #lastPublishTime: number;

  constructor(database: Database) {
    this.#sql = statements(database);
    this.#reserved = Number(
      database.prepare(`SELECT value FROM counters WHERE name = 'message'`).get()?.value ?? 0,
    );
    this.#nextId = this.#reserved + 1;
    this.#lastPublishTime = Number(
      database.prepare('SELECT publish_time FROM messages ORDER BY id DESC LIMIT 1').get()?.publish_time ?? 0,
    );
    database.onLost(() => {
      this.#reserved = this.#nextId - 1;
      this.#stamps.clear();
      this.#stampKeys.clear();
      this.#lastStamp = undefined;
    });
  }

  /** Returns the new message's id. Ids and publish times never decrease. */
  insert(message: Omit<StoredMessage, 'id' | 'publishTime'>, now: number): number {
    const id = this.takeId();
    this.#lastPublishTime = Math.max(this.#lastPublishTime, now);
    const { orderingKey, attributes, stamp, data } = message;
    this.#sql.insert.run(id, this.#lastPublishTime, orderingKey, attributes, stamp, data);
    return id;
  }

  /** Takes the next id. */
  takeId(): number {
    if (this.#nextId > this.#reserved) {
      this.#reserved = this.#nextId + ID_BLOCK;
      this.#sql.reserve.run(this.#reserved);
    }
    return this.#nextId++;
  }

  get(id: number): StoredMessage | undefined {
    const row = this.#sql.get.get(id);
    return row && messageOf(cells(row));
  }

  /** Adds stored messages to a backlog, with their ordering keys when `ordered`. */
  enqueue(subscription: number, ids: readonly number[], ordered: boolean): void {
    const { enqueue, enqueueOrdered } = this.#sql;
    for (const [first, last] of rangesOf(ids))
      (ordered ? enqueueOrdered : enqueue).run(subscription, first, last);
  }

  /** Messages after an id that do not back off, in publication order. */
  *fresh(subscription: number, after: number): Generator<BacklogMessage> {
    for (const row of this.#sql.fresh.iterate(subscription, after)) yield backlogOf(cells(row));
  }

  /** Messages whose backoff has ended, the longest due first. */
  *due(subscription: number, now: number): Generator<BacklogMessage> {
    for (const row of this.#sql.due.iterate(subscription, now)) yield backlogOf(cells(row));
  }

  /** Messages of one ordering key, in publication order. */
  *ofKey(subscription: number, orderingKey: string): Generator<BacklogMessage> {
    for (const row of this.#sql.ofKey.iterate(subscription, orderingKey)) yield backlogOf(cells(row));
  }

  /** Ordering keys with messages that back off. */
  waitingKeys(subscription: number): string[] {
    return this.#sql.waitingKeys.all(subscription).map((row) => String(row.ordering_key));
  }

  /** When the next backoff ends. */
  nextDue(subscription: number): number | undefined {
    const at = this.#sql.nextDue.get(subscription)?.at;
    return typeof at === 'number' ? at : undefined;
  }

  setWait(subscription: number, id: number, failures: number, availableAt: number): void {
    this.#sql.setWait.run(failures, availableAt, subscription, id);
  }

  endWaits(subscription: number): void {
    this.#sql.endWaits.run(subscription);
  }

  /** Ends the waits that last beyond `latest`. */
  endWaitsBeyond(subscription: number, latest: number): void {
    this.#sql.endWaitsBeyond.run(subscription, latest);
  }

  /** Removes messages from a backlog. Returns those that were in it. */
  dequeue(subscription: number, ids: readonly number[]): number[] {
    return rangesOf(ids).flatMap((range) => this.#dequeueRange(subscription, range));
  }

  #dequeueRange(subscription: number, [first, last]: IdRange): number[] {
    const { inBacklog, dequeue } = this.#sql;
    const count = countOf(inBacklog.get(subscription, first, last));
    if (count === 0) return [];
    if (count <= last - first)
      return idsOf([first, last]).flatMap((id) => this.#dequeueRange(subscription, [id, id]));
    dequeue.run(subscription, first, last);
    return idsOf([first, last]);
  }

  retain(owner: number, ids: readonly number[]): void {
    for (const [first, last] of rangesOf(ids)) this.#sql.retain.run(owner, first, last);
  }

  retainBacklog(owner: number, subscription: number): void {
    this.#sql.retainBacklog.run(owner, subscription);
  }

  release(owner: number, ids: readonly number[]): void {
    for (const [first, last] of rangesOf(ids)) this.#sql.release.run(owner, first, last);
  }

  /** The oldest `limit` messages in the backlog, or retained messages, of an owner. */
  oldest(from: 'backlog' | 'retained', owner: number, limit: number): { id: number; publishTime: number }[] {
    const rows = (from === 'backlog' ? this.#sql.oldest : this.#sql.oldestRetained).all(owner, limit);
    return rows.map((row) => ({ id: Number(row.id), publishTime: Number(row.publish_time) }));
  }

  /** Ids of the messages in a backlog that were published before a time. */
  backlogBefore(subscription: number, time: number): number[] {
    return this.#sql.backlogBefore.all(subscription, time).map((row) => Number(row.id));
  }

  /** Ids of the messages in a backlog that an owner does not retain. */
  backlogBeyond(subscription: number, owner: number): number[] {
    return this.#sql.backlogBeyond.all(subscription, owner).map((row) => Number(row.id));
  }

  /** Retained messages published at or after a time, without their data. */
  retainedSince(owner: number, time: number): Omit<StoredMessage, 'data' | 'publishTime'>[] {
    return this.#sql.retainedSince.all(owner, time).map((row) => ({
      id: row.id as number,
      orderingKey: row.ordering_key as string | null,
      attributes: row.attributes as string | null,
      stamp: row.stamp as number | null,
    }));
  }

  /**
   * Deletes the messages that no owner needs. `owners` are a topic and its subscriptions; `dequeued` is a subscription whose
   * backlog has none of the messages.
   */
  collect(ids: readonly number[], owners: readonly number[], dequeued?: number): void {
    const { hasBacklog, hasRetained, inBacklog, isRetained } = this.#sql;
    const backlogs = owners.filter((owner) => owner !== dequeued && hasBacklog.get(owner));
    const retaining = owners.filter((owner) => hasRetained.get(owner));
    const counters = [
      ...backlogs.map(
        (owner) =>
          ([first, last]: IdRange) =>
            countOf(inBacklog.get(owner, first, last)),
      ),
      ...retaining.map(
        (owner) =>
          ([first, last]: IdRange) =>
            countOf(isRetained.get(owner, first, last)),
      ),
    ];
    for (const range of rangesOf(ids)) this.#collectRange(range, counters);
  }

  /** `counters`, one per owner, count the messages of a range that the owner needs. */
  #collectRange(range: IdRange, counters: readonly ((range: IdRange) => number)[]): void {
    const [first, last] = range;
    const counts = counters.map((count) => count(range));
    if (counts.includes(last - first + 1)) return;
    if (counts.every((count) => count === 0)) this.#sql.delete.run(first, last);
    else for (const id of idsOf(range)) this.#collectRange([id, id], counters);
  }

  /** Every owner with messages. */
  owners(): number[] {
    return this.#sql.owners.all().map((row) => Number(row.owner));
  }

  forgetOwner(owner: number): void {
    this.#sql.forgetBacklog.run(owner);
    this.#sql.forgetRetained.run(owner);
  }

  /** Deletes every message without an owner, after a crash interrupted a deletion. */
  collectAll(): void {
    this.#sql.collectAll.run();
  }

  /** The key of a set of attributes that Pub/Sub adds to messages; stores a new set. */
  stamp(attributes: Readonly<Record<string, string>>): number {
    if (this.#lastStamp?.attributes === attributes) return this.#lastStamp.key;
    const text = JSON.stringify(attributes);
    let key = this.#stampKeys.get(text);
    if (key === undefined) {
      key = Number(this.#sql.stamp.get(text)?.key);
      this.#stampKeys.set(text, key);
    }
    this.#lastStamp = { attributes, key };
    return key;
  }

  /** A message's attributes, with those that Pub/Sub adds. */
  attributesOf({
    attributes,
    stamp,
  }: Pick<StoredMessage, 'attributes' | 'stamp'>): Readonly<Record<string, string>> {
    const stamped = stamp === null ? {} : this.#stamped(stamp);
    return attributes === null ? stamped : { ...JSON.parse(attributes), ...stamped };
  }

  #stamped(stamp: number): Readonly<Record<string, string>> {
    let attributes = this.#stamps.get(stamp);
    if (!attributes) {
      attributes = JSON.parse(String(this.#sql.stamped.get(stamp)?.attributes)) as Record<string, string>;
      this.#stamps.set(stamp, attributes);
    }
    return attributes;
  }

  backlogSize(subscription: number): number {
    return Number(this.#sql.size.get(subscription)?.size);
  }
}

function statements(database: Database) {
  const sql = (text: string) => database.prepare(text);
  // Rows as arrays are read in half the time.
  const rows = (text: string) => {
    const statement = sql(text);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    reserve: sql(
      `INSERT INTO counters VALUES ('message', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
    ),
    insert: sql('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)'),
    get: rows(`SELECT ${MESSAGE} FROM messages m WHERE id = ?`),
    delete: sql('DELETE FROM messages WHERE id BETWEEN ? AND ?'),
    enqueue: sql(
      'INSERT OR IGNORE INTO backlog (subscription, message) SELECT ?, id FROM messages WHERE id BETWEEN ? AND ?',
    ),
    enqueueOrdered: sql(
      'INSERT OR IGNORE INTO backlog (subscription, message, ordering_key) SELECT ?, id, ordering_key FROM messages WHERE id BETWEEN ? AND ?',
    ),
    fresh: rows(`${BACKLOG} AND b.message > ? AND b.available_at = 0 ORDER BY b.message`),
    due: rows(`${BACKLOG} AND b.available_at > 0 AND b.available_at <= ? ORDER BY b.available_at, b.message`),
    ofKey: rows(`${BACKLOG} AND b.ordering_key = ? ORDER BY b.message`),
    waitingKeys: sql(
      'SELECT DISTINCT ordering_key FROM backlog WHERE subscription = ? AND available_at > 0 AND ordering_key IS NOT NULL',
    ),
    nextDue: sql('SELECT min(available_at) AS at FROM backlog WHERE subscription = ? AND available_at > 0'),
    setWait: sql('UPDATE backlog SET failures = ?, available_at = ? WHERE subscription = ? AND message = ?'),
    endWaits: sql('UPDATE backlog SET available_at = 0 WHERE subscription = ? AND available_at > 0'),
    // Not 0: the message keeps its place among those that waited.
    endWaitsBeyond: sql('UPDATE backlog SET available_at = 1 WHERE subscription = ? AND available_at > ?'),
    dequeue: sql('DELETE FROM backlog WHERE subscription = ? AND message BETWEEN ? AND ?'),
    retain: sql('INSERT OR IGNORE INTO retained SELECT ?, id FROM messages WHERE id BETWEEN ? AND ?'),
    release: sql('DELETE FROM retained WHERE owner = ? AND message BETWEEN ? AND ?'),
    oldest: sql(
      'SELECT m.id, m.publish_time FROM backlog b JOIN messages m ON m.id = b.message WHERE b.subscription = ? ORDER BY b.message LIMIT ?',
    ),
    oldestRetained: sql(
      'SELECT m.id, m.publish_time FROM retained r JOIN messages m ON m.id = r.message WHERE r.owner = ? ORDER BY r.message LIMIT ?',
    ),
    retainedSince: sql(
      'SELECT m.id, m.ordering_key, m.attributes, m.stamp FROM retained r JOIN messages m ON m.id = r.message WHERE r.owner = ? AND m.publish_time >= ?',
    ),
    backlogBefore: sql(
      'SELECT m.id FROM backlog b JOIN messages m ON m.id = b.message WHERE b.subscription = ? AND m.publish_time < ?',
    ),
    retainBacklog: sql(
      'INSERT OR IGNORE INTO retained SELECT ?, message FROM backlog WHERE subscription = ?',
    ),
    backlogBeyond: sql(
      'SELECT message AS id FROM backlog WHERE subscription = ? AND message NOT IN (SELECT message FROM retained WHERE owner = ?)',
    ),
    hasBacklog: sql('SELECT 1 FROM backlog WHERE subscription = ? LIMIT 1'),
    hasRetained: sql('SELECT 1 FROM retained WHERE owner = ? LIMIT 1'),
    inBacklog: sql(
      'SELECT count(*) AS count FROM backlog WHERE subscription = ? AND message BETWEEN ? AND ?',
    ),
    isRetained: sql('SELECT count(*) AS count FROM retained WHERE owner = ? AND message BETWEEN ? AND ?'),
    owners: sql(
      'SELECT DISTINCT subscription AS owner FROM backlog UNION SELECT DISTINCT owner FROM retained',
    ),
    forgetBacklog: sql('DELETE FROM backlog WHERE subscription = ?'),
    forgetRetained: sql('DELETE FROM retained WHERE owner = ?'),
    collectAll: sql(
      'DELETE FROM messages WHERE id NOT IN (SELECT message FROM backlog) AND id NOT IN (SELECT message FROM retained)',
    ),
    stamp: sql(
      'INSERT INTO stamps (attributes) VALUES (?) ON CONFLICT DO UPDATE SET attributes = excluded.attributes RETURNING key',
    ),
    stamped: sql('SELECT attributes FROM stamps WHERE key = ?'),
    size: sql('SELECT count(*) AS size FROM backlog WHERE subscription = ?'),
  };
}

type Cells = readonly SQLOutputValue[];

/** Types the row of a statement with `setReturnArrays`. */
function cells(row: unknown): Cells {
  return row as Cells;
}

function messageOf([id, publishTime, orderingKey, attributes, stamp, data]: Cells) {
  return { id, publishTime, orderingKey, attributes, stamp, data } as StoredMessage;
}

function backlogOf([id, publishTime, orderingKey, attributes, stamp, data, failures, availableAt]: Cells) {
  return { id, publishTime, orderingKey, attributes, stamp, data, failures, availableAt } as BacklogMessage;
}

function countOf(row: Record<string, SQLOutputValue> | undefined): number {
  return Number(row?.count);
}

function idsOf([first, last]: IdRange): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

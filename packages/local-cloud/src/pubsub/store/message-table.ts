import type { SQLOutputValue } from 'node:sqlite';
import type { Database } from './database.ts';
import { type Run, runsOf } from './runs.ts';

/** A message as it is stored. Times in milliseconds since the epoch. */
export interface StoredMessage {
  readonly id: number;
  readonly publishTime: number;
  readonly orderingKey: string | null;
  /** The publisher's attributes as a JSON object; null when there are none. */
  readonly attributes: string | null;
  /** What Pub/Sub adds to the attributes: a key of `stamps`. */
  readonly stamp: number | null;
  readonly data: Uint8Array;
}

/** A message in a subscription's backlog. */
export interface BacklogMessage extends StoredMessage {
  /** Deliveries that were not acknowledged. */
  readonly failures: number;
  /** When it may be delivered again; 0 when at once. */
  readonly availableAt: number;
}

/** Ids are reserved on disk in blocks, so that none is given twice after a crash. */
const ID_BLOCK = 100_000;

const MESSAGE = 'm.id, m.publish_time, m.ordering_key, m.attributes, m.stamp, m.data';
const BACKLOG = `SELECT ${MESSAGE}, b.failures, b.available_at
  FROM backlog b JOIN messages m ON m.id = b.message WHERE b.subscription = ?`;

/** Messages and who still needs them. Nothing here commits: callers run inside `Database.write`. */
export class MessageTable {
  readonly #sql;
  /** Every stamp that was used, both ways: there are as many as revisions of schemas. */
  readonly #stamps = new Map<number, Readonly<Record<string, string>>>();
  readonly #stampKeys = new Map<string, number>();
  /** The same by the object, which the messages of one request share: most ask for what the one before them did. */
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

  /** Answers the new message's id. Ids and publish times never decrease. */
  insert(message: Omit<StoredMessage, 'id' | 'publishTime'>, now: number): number {
    const id = this.takeId();
    this.#lastPublishTime = Math.max(this.#lastPublishTime, now);
    const { orderingKey, attributes, stamp, data } = message;
    this.#sql.insert.run(id, this.#lastPublishTime, orderingKey, attributes, stamp, data);
    return id;
  }

  /** An id for a message that nobody needs. */
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

  /** Puts stored messages into a backlog; their ordering keys count when `ordered`. */
  enqueue(subscription: number, ids: readonly number[], ordered: boolean): void {
    const { enqueue, enqueueOrdered } = this.#sql;
    for (const [first, last] of runsOf(ids))
      (ordered ? enqueueOrdered : enqueue).run(subscription, first, last);
  }

  /** Messages after an id that do not wait for anything, in order of publication. */
  *fresh(subscription: number, after: number): Generator<BacklogMessage> {
    for (const row of this.#sql.fresh.iterate(subscription, after)) yield backlogOf(cells(row));
  }

  /** Messages whose wait is over, the longest due first. */
  *due(subscription: number, now: number): Generator<BacklogMessage> {
    for (const row of this.#sql.due.iterate(subscription, now)) yield backlogOf(cells(row));
  }

  /** Messages of one ordering key in order of publication. */
  *ofKey(subscription: number, orderingKey: string): Generator<BacklogMessage> {
    for (const row of this.#sql.ofKey.iterate(subscription, orderingKey)) yield backlogOf(cells(row));
  }

  waitingKeys(subscription: number): string[] {
    return this.#sql.waitingKeys.all(subscription).map((row) => String(row.ordering_key));
  }

  /** When the next waiting message may be delivered. */
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

  /** Takes messages out of a backlog; answers those that were there. */
  dequeue(subscription: number, ids: readonly number[]): number[] {
    return runsOf(ids).flatMap((run) => this.#dequeueRun(subscription, run));
  }

  #dequeueRun(subscription: number, [first, last]: Run): number[] {
    const { inBacklog, dequeue } = this.#sql;
    const there = countOf(inBacklog.get(subscription, first, last));
    if (there === 0) return [];
    if (there <= last - first)
      return idsOf([first, last]).flatMap((id) => this.#dequeueRun(subscription, [id, id]));
    dequeue.run(subscription, first, last);
    return idsOf([first, last]);
  }

  retain(owner: number, ids: readonly number[]): void {
    for (const [first, last] of runsOf(ids)) this.#sql.retain.run(owner, first, last);
  }

  release(owner: number, ids: readonly number[]): void {
    for (const [first, last] of runsOf(ids)) this.#sql.release.run(owner, first, last);
  }

  /** The first `limit` messages of an owner, of its backlog or of what it retains, with their publish times. */
  oldest(from: 'backlog' | 'retained', owner: number, limit: number): { id: number; publishTime: number }[] {
    const rows = (from === 'backlog' ? this.#sql.oldest : this.#sql.oldestRetained).all(owner, limit);
    return rows.map((row) => ({ id: Number(row.id), publishTime: Number(row.publish_time) }));
  }

  /** Messages of a backlog that were published before a time. */
  backlogBefore(subscription: number, time: number): number[] {
    return this.#sql.backlogBefore.all(subscription, time).map((row) => Number(row.id));
  }

  /** Retained messages that were published at or after a time, without their data. */
  retainedSince(owner: number, time: number): Omit<StoredMessage, 'data' | 'publishTime'>[] {
    return this.#sql.retainedSince.all(owner, time).map((row) => ({
      id: row.id as number,
      orderingKey: row.ordering_key as string | null,
      attributes: row.attributes as string | null,
      stamp: row.stamp as number | null,
    }));
  }

  /**
   * Deletes the messages that none of `owners` (of one topic: itself and its subscriptions) needs any more. `dequeued`
   * is a subscription that has none of them in its backlog.
   */
  collect(ids: readonly number[], owners: readonly number[], dequeued?: number): void {
    const { hasBacklog, hasRetained, inBacklog, isRetained } = this.#sql;
    const backlogs = owners.filter((owner) => owner !== dequeued && hasBacklog.get(owner));
    const retaining = owners.filter((owner) => hasRetained.get(owner));
    const counters = [
      ...backlogs.map(
        (owner) =>
          ([first, last]: Run) =>
            countOf(inBacklog.get(owner, first, last)),
      ),
      ...retaining.map(
        (owner) =>
          ([first, last]: Run) =>
            countOf(isRetained.get(owner, first, last)),
      ),
    ];
    for (const run of runsOf(ids)) this.#collectRun(run, counters);
  }

  /** `needed` counts, for each owner, those of a run that it needs. */
  #collectRun(run: Run, needed: readonly ((run: Run) => number)[]): void {
    const [first, last] = run;
    const counts = needed.map((count) => count(run));
    if (counts.includes(last - first + 1)) return;
    if (counts.every((count) => count === 0)) this.#sql.delete.run(first, last);
    else for (const id of idsOf(run)) this.#collectRun([id, id], needed);
  }

  /** Owners that have messages. */
  owners(): number[] {
    return this.#sql.owners.all().map((row) => Number(row.owner));
  }

  forgetOwner(owner: number): void {
    this.#sql.forgetBacklog.run(owner);
    this.#sql.forgetRetained.run(owner);
  }

  /** Deletes every message that nobody needs: after a deletion that a crash interrupted. */
  collectAll(): void {
    this.#sql.collectAll.run();
  }

  /** The key of a set of attributes that Pub/Sub adds to messages. */
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

  /** A message's attributes, those that Pub/Sub adds included. */
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
  // As arrays, rows of a backlog are read in half the time.
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

/** What a statement with `setReturnArrays` answers, whatever its type says. */
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

function idsOf([first, last]: Run): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

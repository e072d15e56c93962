import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from '../../src/pubsub/store/database.ts';
import { MessageTable } from '../../src/pubsub/store/message-table.ts';

const TOPIC = 1;
const [FIRST, SECOND] = [2, 3];
const OWNERS = [TOPIC, FIRST, SECOND];

let database: Database;
let messages: MessageTable;

beforeEach(() => {
  database = new Database();
  messages = new MessageTable(database);
});
afterEach(() => database.close());

const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8];

/** Stores messages with ids 1 to `count`. */
function store(count: number): void {
  const message = { orderingKey: 'key', attributes: null, stamp: null, data: new Uint8Array([1]) };
  for (let id = 1; id <= count; id++) expect(messages.insert(message, 0)).toBe(id);
}

const stored = () => EIGHT.filter((id) => messages.get(id) !== undefined);
const backlog = (subscription: number) => Array.from(messages.fresh(subscription, 0), ({ id }) => id);

describe('messages', () => {
  it('leave a backlog once each, even when neighbouring ids have left it', () => {
    store(8);
    messages.enqueue(FIRST, EIGHT, false);
    messages.enqueue(SECOND, EIGHT, false);
    expect(messages.dequeue(FIRST, [3, 4])).toEqual([3, 4]);
    expect(messages.dequeue(FIRST, [2, 3, 4, 5, 6])).toEqual([2, 5, 6]);
    expect(messages.dequeue(FIRST, [8, 1_000, 1, 1])).toEqual([8, 1]);
    expect([backlog(FIRST), backlog(SECOND)]).toEqual([[7], EIGHT]);
  });

  it('are deleted when no owner needs them, even when neighbouring ids are needed', () => {
    store(8);
    messages.enqueue(SECOND, [3, 4], false);
    messages.retain(TOPIC, [6]);
    messages.collect(EIGHT, OWNERS, FIRST);
    expect(stored()).toEqual([3, 4, 6]);
    messages.dequeue(SECOND, EIGHT);
    messages.release(TOPIC, EIGHT);
    messages.collect(EIGHT, OWNERS, SECOND);
    expect(stored()).toEqual([]);
  });

  it('keep their ordering key only in the backlogs of ordered subscriptions', () => {
    store(2);
    messages.enqueue(FIRST, [1, 2], true);
    messages.enqueue(SECOND, [1, 2], false);
    const ordered = (subscription: number) => Array.from(messages.ofKey(subscription, 'key'), ({ id }) => id);
    expect([ordered(FIRST), ordered(SECOND)]).toEqual([[1, 2], []]);
  });
});

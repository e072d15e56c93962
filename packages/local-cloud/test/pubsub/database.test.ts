import { describe, expect, it } from '@jest/globals';
import { Database } from '../../src/pubsub/store/database.ts';
import { errorOf } from './harness.ts';

const open = () => {
  const database = new Database();
  // COMMIT, not INSERT, refuses a child without a parent.
  database.prepare('CREATE TABLE parents (id INTEGER PRIMARY KEY)').run();
  database
    .prepare('CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED)')
    .run();
  const insert = database.prepare('INSERT INTO children VALUES (?)');
  const addParent = database.prepare('INSERT INTO parents VALUES (?)');
  const count = () => database.prepare('SELECT count(*) AS n FROM children').get()?.n;
  return { database, insert, addParent, count };
};

describe('group commit', () => {
  it('resolves a write only after the commit, and rejects every write of a transaction whose commit fails', async () => {
    const { database, insert, addParent, count } = open();
    let lost = 0;
    database.onLost(() => lost++);
    const good = database.write(() => addParent.run(1) && insert.run(1));
    const bad = database.write(() => insert.run(2));
    for (const write of [good, bad]) {
      expect(await errorOf(write)).toMatchObject({
        code: 'UNAVAILABLE',
        message: 'Cannot write to disk: FOREIGN KEY constraint failed.',
      });
    }
    expect([lost, count()]).toEqual([1, 0]);
    await database.write(() => addParent.run(1) && insert.run(1));
    expect(count()).toBe(1);
    database.close();
  });

  it('rolls back a write that throws, and keeps the other writes of its transaction', async () => {
    const { database, insert, addParent, count } = open();
    const good = database.write(() => addParent.run(1) && insert.run(1));
    expect(() =>
      database.write(() => {
        insert.run(1);
        throw new Error('no longer wanted');
      }),
    ).toThrow('no longer wanted');
    await good;
    expect(count()).toBe(1);
    database.close();
  });
});

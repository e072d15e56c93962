import type { Database } from './database.ts';

type ResourceKind = 'topic' | 'subscription' | 'schema' | 'snapshot';

export interface StoredResource {
  readonly key: number;
  readonly kind: ResourceKind;
  readonly name: string;
  readonly body: string;
}

/** Topics, subscriptions, schemas and snapshots on disk. Messages refer to a resource by `key`, which is never reused. */
export class ResourceTable {
  readonly #insert;
  readonly #update;
  readonly #delete;
  readonly #all;
  readonly #takeKey;

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT INTO resources (key, kind, name, body) VALUES (?, ?, ?, ?)');
    this.#update = database.prepare('UPDATE resources SET body = ? WHERE key = ?');
    this.#delete = database.prepare('DELETE FROM resources WHERE key = ?');
    this.#all = database.prepare('SELECT key, kind, name, body FROM resources ORDER BY key');
    this.#takeKey = database.prepare(
      `INSERT INTO counters VALUES ('resource', 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value`,
    );
  }

  all(): StoredResource[] {
    return this.#all.all() as unknown as StoredResource[];
  }

  insert(kind: ResourceKind, name: string, body: object): number {
    const key = Number(this.#takeKey.get()?.value);
    this.#insert.run(key, kind, name, JSON.stringify(body));
    return key;
  }

  update(key: number, body: object): void {
    this.#update.run(JSON.stringify(body), key);
  }

  delete(key: number): void {
    this.#delete.run(key);
  }
}

import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { BigQuery } from '@google-cloud/bigquery';
import type { PubSub } from '@google-cloud/pubsub';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeRecord, type RecordRow } from '@records/records-schema';
import { INFRA, REPOSITORY } from '@records/stack';
import { clientsOf } from '../src/clients.ts';
import { LocalStack } from '../src/local-stack.ts';

// Each test deploys a whole stack, perhaps on a busy machine.
const guide = readFileSync(join(REPOSITORY, 'docs', 'schema-change.md'), 'utf8');
/** The line that docs/schema-change.md adds to record.ts. */
const FIELD = /```ts\n(.*)\n```/.exec(guide)?.[1] ?? '';
const LAST_FIELD = /^ {4}pais: .*$/m;

const person = { nombre: 'Luz', apellido: 'Núñez Ibáñez', pais: 'Perú' };

let copy: Copy;
let stack: LocalStack;
let pubsub: PubSub;
let bigquery: BigQuery;

beforeAll(async () => {
  copy = new Copy();
  stack = await LocalStack.create({ infraDir: copy.infra });
  ({ pubsub, bigquery } = clientsOf(stack));
});

afterAll(async () => {
  await pubsub?.close();
  await stack?.close();
  copy?.remove();
});

describe('a fifth column, by docs/schema-change.md', () => {
  it('is added while messages flow: none is lost, no reader sees a difference, and old publishers keep working', async () => {
    const early = { id: 'early', ...person, telefono: { string: '555-0100' } };
    await publish(early);

    const flow = new Flow();
    const flowing = flow.run();
    copy.addField(FIELD);
    const { steps } = await stack.redeploy().then(changes);
    flow.stop();
    await flowing;
    // The column must exist before the topics have the field: in the records, and in the probes. The amendments and the views of analysts have it, too.
    const [table, schema] = ['gcp:bigquery/table:Table', 'gcp:pubsub/schema:Schema'];
    expect(steps.slice(0, 2)).toEqual([table, table]);
    expect(steps.toSorted()).toEqual([...Array(5).fill(table), schema]);

    const late = [
      { id: 'late-with', ...person, telefono: '555-0101' },
      { id: 'late-without', ...person },
    ];
    for (const record of late) await publish(await copy.encode(record));
    await publish({ id: 'late-old', ...person });
    // A bare string does not match the new schema revision; the old one skips the field, which the table rejects.
    await publish({ id: 'late-bare', ...person, telefono: '555-0102' });

    const rows = await rowsUntil(flow.ids.length + 3);
    expect(flow.ids.length).toBeGreaterThan(50);
    expect([...rows.keys()].sort()).toEqual([...flow.ids, 'late-old', 'late-with', 'late-without'].sort());
    expect(rows.get('late-with')).toBe('555-0101');
    expect([...rows.values()].filter((telefono) => telefono !== null)).toEqual(['555-0101']);
    expect(await deadLetters(2)).toEqual(['early', 'late-bare']);
    expect(flow.readings.length).toBeGreaterThan(0);
    expect(flow.readings.filter((keys) => keys !== 'id,nombre,apellido,pais')).toEqual([]);
  });

  it('is refused when it is required, and the running stack keeps working', async () => {
    const required = FIELD.replace(/Type\.Optional\((.*)\),$/, '$1,').replace('telefono', 'correo');
    copy.addField(`${FIELD}\n${required}`);
    await expect(stack.redeploy()).rejects.toThrow(/correo.*REQUIRED/);
    await publish({ id: 'after', ...person });
    expect((await rowsUntil(1, 'after')).size).toBe(1);
  });
});

/** Publishes four fields like an old publisher, and reads the API, until it is stopped. */
class Flow {
  readonly ids: string[] = [];
  /** The field names of each record read. */
  readonly readings: string[] = [];
  #stopped = false;

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    while (!this.#stopped || this.ids.length < 100) {
      const ids = Array.from({ length: 10 }, (_, index) => `flow-${this.ids.length + index}`);
      await Promise.all(ids.map((id) => publishData(encodeRecord({ id, ...person }))));
      this.ids.push(...ids);
      // Within the API's rate limit.
      if (this.ids.length % 100 === 0) await this.#read();
    }
  }

  async #read(): Promise<void> {
    const response = await fetch(`${stack.outputs.apiUrl}/records?limit=5`);
    const records = (await response.json()) as RecordRow[];
    if (!response.ok) throw new Error(`${response.status}`);
    for (const record of records) this.readings.push(Object.keys(record).join());
  }
}

/** A copy of the Pulumi program and the record's definition, to change. */
class Copy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'schema-change-'));
  readonly infra = join(this.#folder, 'infra');
  readonly #schema = join(this.#folder, 'records-schema');
  readonly #record = join(this.#schema, 'src', 'record.ts');
  readonly #original: string;

  constructor() {
    const schema = join(REPOSITORY, 'packages', 'records-schema');
    for (const [from, to] of [
      [INFRA, this.infra],
      [schema, this.#schema],
    ] as const) {
      cpSync(from, to, { recursive: true, filter: (path) => basename(path) !== 'node_modules' });
    }
    symlinkSync(join(schema, 'node_modules'), join(this.#schema, 'node_modules'));
    const modules = join(this.infra, 'node_modules');
    mkdirSync(join(modules, '@records'), { recursive: true });
    for (const name of readdirSync(join(INFRA, 'node_modules'))) {
      if (name !== '@records') symlinkSync(join(INFRA, 'node_modules', name), join(modules, name));
    }
    for (const name of readdirSync(join(INFRA, 'node_modules', '@records'))) {
      const target =
        name === 'records-schema'
          ? this.#schema
          : realpathSync(join(INFRA, 'node_modules', '@records', name));
      symlinkSync(target, join(modules, '@records', name));
    }
    this.#original = readFileSync(this.#record, 'utf8');
  }

  /** Adds a line after the last field of the original record.ts. */
  addField(line: string): void {
    if (!LAST_FIELD.test(this.#original)) throw new Error('record.ts has no line for pais');
    writeFileSync(
      this.#record,
      this.#original.replace(LAST_FIELD, (last) => `${last}\n${line}`),
    );
  }

  /** The message of a publisher that uses the changed package. */
  async encode(record: object): Promise<object> {
    const code = `import { encodeRecord } from './src/index.ts';
      process.stdout.write(encodeRecord(JSON.parse(process.argv[1])));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', code, JSON.stringify(record)],
      { cwd: this.#schema },
    );
    return JSON.parse(stdout);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function publish(message: object): Promise<string> {
  return publishData(Buffer.from(JSON.stringify(message)));
}

function publishData(data: Uint8Array): Promise<string> {
  return pubsub.topic(stack.outputs.topic).publishMessage({ data: Buffer.from(data) });
}

/** `telefono` by id, once the table has `count` ids; the test's timeout ends the wait. */
async function rowsUntil(count: number, id = '%'): Promise<Map<string, string | null>> {
  for (;;) {
    const [rows] = await bigquery.query({
      query: `SELECT id, telefono FROM \`${stack.outputs.table}\` WHERE id LIKE @id`,
      params: { id },
    });
    if (rows.length >= count) return new Map(rows.map((row) => [row.id, row.telefono]));
  }
}

/** Removes `count` dead letters. Answers their ids. */
async function deadLetters(count: number): Promise<string[]> {
  const subscription = pubsub.subscription(stack.outputs.deadLetterSubscription);
  const ids: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  subscription.on('error', reject);
  subscription.on('message', (deadLetter) => {
    deadLetter.ack();
    ids.push(JSON.parse(deadLetter.data.toString()).id);
    if (ids.length === count) resolve();
  });
  await promise;
  await subscription.close();
  return ids.sort();
}

function changes({ steps }: Awaited<ReturnType<LocalStack['redeploy']>>): { steps: string[] } {
  const changed = steps.filter(({ operation }) => operation !== 'same');
  return { steps: changed.map(({ type }) => type) };
}

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BigQuery } from '@google-cloud/bigquery';
import { clientsOf, type LocalStack } from '@records/local';
import { REPOSITORY } from '../shared/paths.ts';
import { AGE, addAgeToTopic, backlogOf, publishPeople, tableOf } from '../shared/people.ts';
import { drained, until } from '../shared/waiting.ts';

/** The only person with any of these values. */
const PERSON = { id: 'the-person', nombre: 'Anacaona', apellido: 'Quispe Mamani', pais: 'Bolivia' };
const CORRECTED = 'Quispe Condori';
const OTHERS = Array.from({ length: 12 }, (_, n) => `other-${n}`);
const NAMES = [PERSON.nombre, PERSON.apellido, CORRECTED, PERSON.pais];

/** The ways in which a person could come back. */
export const RETURNS = ['replay', 'seek', 'republish', 'restore'] as const;
export type Return = (typeof RETURNS)[number];

/** Traces of the person by channel. */
export type Traces = Readonly<Record<string, number>>;

/** Where a reader was when the person was forgotten. */
interface Underway {
  readonly walk: string;
  readonly filteredWalk: string;
  readonly etag: string;
}

/** A local stack with a person in it, their operator and their readers. */
export class PersonInStack implements AsyncDisposable {
  readonly #stack: LocalStack;
  readonly #bigquery: BigQuery;
  readonly #folder: string;
  readonly #began = new Date();
  #witnesses = 0;
  #underway: Underway | undefined;

  private constructor(stack: LocalStack, bigquery: BigQuery, folder: string) {
    this.#stack = stack;
    this.#bigquery = bigquery;
    this.#folder = folder;
  }

  static async in(stack: LocalStack): Promise<PersonInStack> {
    const { bigquery, pubsub } = clientsOf(stack);
    await pubsub.close();
    const folder = await mkdtemp(join(tmpdir(), 'prove-privacy-'));
    // Without accounts, the commands run as the developer.
    const { pid, outputs, environment, metrics } = stack.description;
    await writeFile(join(folder, 'stack.json'), JSON.stringify({ pid, outputs, environment, metrics }));
    return new PersonInStack(stack, bigquery, folder);
  }

  /** Publishes the person twice, and once more with a field that the table refuses. Keeps a copy of the table. */
  async arrive(): Promise<void> {
    await publishPeople(this.#stack, OTHERS);
    await this.#publish();
    await this.#publish();
    await this.#publish(AGE.value);
    await drained(() => backlogOf(this.#stack));
    await until('dead letter', async () => (await this.#deadLetters()) === 1);
    await this.#listed();
    await this.#query(`CREATE TABLE ${this.#dataset}.before AS SELECT * FROM ${this.#dataset}.records`);
  }

  /** What `pnpm ops person show` finds by a search. */
  async show(): Promise<{ readonly rows: number; readonly deadLetters: number }> {
    const { rows, deadLetters } = JSON.parse(
      await this.#ops('person', 'show', `nombre=${PERSON.nombre}`, '--json'),
    ) as { rows: { copies: number }[]; deadLetters: number };
    return { rows: rows.reduce((sum, { copies }) => sum + copies, 0), deadLetters };
  }

  /** Corrects the family name. Answers how many channels still show the old one. */
  async correct(): Promise<number> {
    await this.#ops('person', 'correct', PERSON.id, '--set', `apellido=${CORRECTED}`);
    await until('corrected list', async () => (await this.#get('/records')).body.includes(CORRECTED));
    const bodies = await Promise.all(
      ['/records', '/records.csv', '/records.ndjson', `/records/${PERSON.id}`].map((path) => this.#get(path)),
    );
    const view = JSON.stringify(await this.#view());
    return [...bodies.map(({ body }) => body), view].filter(
      (body) => body.includes(PERSON.apellido) || !body.includes(CORRECTED),
    ).length;
  }

  /** Forgets the person while readers are under way, and answers the receipt when the list shows nobody. */
  async forget(): Promise<string> {
    const [page, filtered, exported] = await Promise.all([
      this.#get('/records?limit=2'),
      this.#get(`/records?limit=1&pais=${encodeURIComponent(PERSON.pais)}&pais=M%C3%A9xico`),
      this.#get('/records.ndjson'),
    ]);
    this.#underway = {
      walk: nextOf(page.headers),
      filteredWalk: nextOf(filtered.headers),
      etag: exported.headers.get('etag') ?? '',
    };
    const receipt = await this.#ops('person', 'forget', PERSON.id, '--yes');
    await until('list without the person', async () => tracesIn((await this.#get('/records')).body) === 0);
    return receipt.slice(receipt.indexOf('receipt'));
  }

  /** Lets the person come back, and waits until the list has what arrived. Throws when nothing of them arrived. */
  async comeBack(by: Return): Promise<void> {
    if (by === 'replay') await this.#replay();
    if (by === 'seek') {
      const subscription = this.#stack.outputs.topic.replace(/topics.*/, 'subscriptions/records-to-bigquery');
      await this.#stack.cloud.pubsub.seek({ subscription, time: timestampOf(this.#began) });
    }
    if (by === 'republish') await this.#publish();
    if (by === 'restore') {
      const columns = 'id, nombre, apellido, pais';
      await this.#query(
        `INSERT INTO ${this.#dataset}.records (${columns}) SELECT ${columns} FROM ${this.#dataset}.before`,
      );
    }
    await drained(() => backlogOf(this.#stack));
    await until(`row by ${by}`, async () => (await this.#rows()) > 0);
    await this.#listed();
  }

  /** Deletes again what came back. */
  async sweep(): Promise<void> {
    await this.#ops('person', 'sweep', '--yes');
  }

  /** How much of the person the stack stores. */
  async stored(): Promise<Traces> {
    return { rows: await this.#rows(), 'dead letters': await this.#deadLetters() };
  }

  /** Reads every channel. */
  async traces(): Promise<Traces> {
    const { walk = '', filteredWalk = '', etag = '' } = this.#underway ?? {};
    const filter = `nombre=${PERSON.nombre}`;
    const matching = await this.#get(`/records?${filter}`);
    const lookup = await this.#get(`/records/${PERSON.id}`);
    const conditional = await this.#get('/records.ndjson', { 'if-none-match': etag });
    return {
      list: await this.#walked('/records?limit=5'),
      'walk under way': await this.#walked(walk),
      'filtered walk under way': await this.#walked(filteredWalk),
      'look-up': lookup.status === 404 ? tracesIn(lookup.body) : 1,
      filter: tracesIn(matching.body) + Number(matching.headers.get('x-total-count')),
      'CSV export': tracesIn((await this.#get('/records.csv')).body),
      'NDJSON export': tracesIn((await this.#get(`/records.ndjson?pais=${PERSON.pais}`)).body),
      'export by its old ETag': conditional.status === 304 ? 1 : tracesIn(conditional.body),
      countries: tracesIn((await this.#get('/countries')).body),
      'home page': tracesIn((await this.#get('/', { accept: 'text/html' })).body),
      "analysts' views": (await this.#view()).length,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #dataset(): string {
    return tableOf(this.#stack).datasetId;
  }

  /** A dead letter that the table accepts once it has the column. */
  async #replay(): Promise<void> {
    await this.#publish(AGE.value);
    await until('dead letter', async () => (await this.#deadLetters()) === 1);
    const { datasetId, tableId } = tableOf(this.#stack);
    const columns = (await this.#stack.cloud.bigquery.getTable(datasetId, tableId)).schema?.fields ?? [];
    await this.#stack.cloud.bigquery.patchTable(datasetId, tableId, {
      schema: { fields: [...columns, AGE.column] },
    });
    await addAgeToTopic(this.#stack);
    await this.#ops('dead-letters', 'replay');
  }

  async #publish(extra: object = {}): Promise<void> {
    const { topic } = this.#stack.outputs;
    const data = Buffer.from(JSON.stringify({ ...PERSON, ...extra }));
    await this.#stack.cloud.pubsub.publish({ topic, messages: [{ data }] });
  }

  /** Waits until the list has what was stored by now: a witness that is stored after it. */
  async #listed(): Promise<void> {
    const id = `witness-${this.#witnesses++}`;
    await publishPeople(this.#stack, [id]);
    await until('newer list', async () => (await this.#get('/records.ndjson')).body.includes(`"${id}"`));
  }

  async #rows(): Promise<number> {
    const [row] = await this.#query(`SELECT COUNT(*) AS n FROM ${this.#dataset}.records WHERE id = @id`);
    return Number(row?.n);
  }

  #deadLetters(): Promise<number> {
    const { deadLetterSubscription: subscription } = this.#stack.outputs;
    return this.#stack.cloud.pubsub.backlogSize({ subscription });
  }

  async #view(): Promise<unknown[]> {
    const dataset = `${this.#dataset}_analytics`;
    const conflicts = await this.#query(`SELECT id FROM ${dataset}.conflicts WHERE id = @id`);
    return [...conflicts, ...(await this.#query(`SELECT * FROM ${dataset}.records WHERE id = @id`))];
  }

  async #query(query: string): Promise<Readonly<Record<string, unknown>>[]> {
    const params = query.includes('@id') ? { id: PERSON.id } : undefined;
    const [rows] = await this.#bigquery.query({ query, ...(params && { params }) });
    return rows;
  }

  async #get(path: string, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(new URL(path, this.#stack.outputs.apiUrl), { headers });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  /** Traces in a page and all that follow. A walk that ended with 410 has none. */
  async #walked(path: string): Promise<number> {
    let traces = 0;
    for (let next = path; next !== ''; ) {
      const { status, headers, body } = await this.#get(next);
      if (status === 410) return traces;
      traces += status === 200 ? tracesIn(body) : 1;
      next = nextOf(headers);
    }
    return traces;
  }

  async #ops(...args: readonly string[]): Promise<string> {
    const cli = join(REPOSITORY, 'apps', 'operator', 'src', 'cli.ts');
    const all = [cli, ...args, '--stack-file', join(this.#folder, 'stack.json')];
    // Asynchronous: this process serves the command.
    return await new Promise((resolve, reject) =>
      execFile(process.execPath, all, (error, stdout, stderr) =>
        error ? reject(new Error(`pnpm ops ${args.join(' ')}: ${stderr}${stdout}`)) : resolve(stdout),
      ),
    );
  }
}

/** How many values of the person a text has. */
function tracesIn(text: string): number {
  return NAMES.filter((name) => text.includes(name)).length;
}

/** Whether a text names the person in any way. */
export function namesPerson(text: string): boolean {
  return tracesIn(text) > 0 || text.includes(PERSON.id);
}

function nextOf(headers: Headers): string {
  return /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? '';
}

function timestampOf(date: Date) {
  return { seconds: Math.floor(date.getTime() / 1_000), nanos: 0 };
}

import type { BigQuery } from '@google-cloud/bigquery';
import type { PubSub } from '@google-cloud/pubsub';
import { differenceOf, markedRecord, until, type Waits } from '@records/api/probe';
import { encodeRecord, type RecordRow } from '@records/records-schema';
import { DeliveryError } from '../errors.ts';
import { takeLetter } from './dead-letter.ts';
import { positionOf } from './list.ts';
import { type Pipeline, pipelineOf } from './pipeline.ts';
import { ask, checkSubject, clientsOf, type Subject } from './subject.ts';

export interface Check {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'not tried';
  /** What was seen, or why it failed. */
  readonly detail: string;
}

/** Runs the suite and removes what it made. Throws DeliveryError only for a subject that can not be one. */
export async function endToEnd(subject: Subject, options: Waits): Promise<readonly Check[]> {
  checkSubject(subject);
  const run = new Run(subject, options);
  try {
    return await run.all();
  } finally {
    await run.close();
  }
}

class Run {
  readonly #subject: Subject;
  readonly #options: Waits;
  readonly #pubsub: PubSub;
  readonly #bigquery: BigQuery;
  readonly #record: RecordRow;
  #pipeline: Pipeline | undefined;
  #published = false;

  constructor(subject: Subject, options: Waits) {
    this.#subject = subject;
    this.#options = options;
    ({ pubsub: this.#pubsub, bigquery: this.#bigquery } = clientsOf(subject));
    this.#record = markedRecord('e2e-', options.now());
  }

  async all(): Promise<readonly Check[]> {
    const checks: Check[] = [];
    const check = async (name: string, act: () => Promise<string>) => {
      if (checks.some(({ outcome }) => outcome === 'failed')) {
        checks.push({ name, outcome: 'not tried', detail: 'one before it failed' });
        return;
      }
      checks.push(await attempt(name, act));
    };
    await check('the topic is written into a table, and keeps what the table refuses', () => this.#find());
    await check('a published record can be read by its id', () => this.#readById());
    await check('a published record is in the list', () => this.#readInList());
    await check('a message that the table refuses is in the dead letters, with its reason', () =>
      this.#refuse(),
    );
    if (this.#published) checks.push(await attempt('nothing of the run is left', () => this.#remove()));
    return checks;
  }

  async close(): Promise<void> {
    await this.#pubsub.close();
  }

  get #found(): Pipeline {
    if (this.#pipeline) return this.#pipeline;
    throw new DeliveryError('the pipeline was not found');
  }

  async #find(): Promise<string> {
    this.#pipeline = await pipelineOf(this.#pubsub, this.#subject.topic);
    return this.#pipeline.table;
  }

  async #readById(): Promise<string> {
    const { id } = this.#record;
    const { table, subscription } = this.#found;
    const started = this.#options.now();
    this.#published = true;
    const data = Buffer.from(encodeRecord(this.#record));
    const message = await this.#pubsub.topic(this.#subject.topic).publishMessage({ data });
    await this.#until(
      async () => (await this.#stored(id)) > 0,
      () => `message ${message} is not in ${table}, where ${subscription} should write it`,
    );
    let answer = '';
    let body: unknown;
    await this.#until(
      async () => {
        const response = await ask(this.#subject, `/records/${id}`);
        const text = await response.text();
        answer = `${response.status} ${text.slice(0, 200)}`;
        if (response.ok) body = JSON.parse(text);
        return response.ok;
      },
      () => `the API serves another table: ${id} is in ${table}, and the API answers ${answer}`,
    );
    const difference = differenceOf(this.#record, body);
    if (difference !== undefined) throw new DeliveryError(difference);
    return `visible after ${((this.#options.now() - started) / 1000).toFixed(1)} s`;
  }

  async #readInList(): Promise<string> {
    const { id } = this.#record;
    let position: number | undefined;
    await this.#until(
      async () => {
        position = await positionOf(this.#subject, id);
        return position !== undefined;
      },
      () => `${id} can be read by its id, and is not in the list`,
    );
    return `at offset ${position}`;
  }

  async #refuse(): Promise<string> {
    const { subscription, deadLetterSubscription } = this.#found;
    const extra = 'sobra';
    const data = Buffer.from(JSON.stringify({ ...this.#record, id: `${this.#record.id}-x`, [extra]: 'x' }));
    const message = await this.#pubsub
      .topic(this.#subject.topic)
      .publishMessage({ data, attributes: { e2e: this.#record.id } });
    let reason: string | undefined;
    await this.#until(
      async () => {
        reason = await takeLetter(this.#subject, this.#found, this.#record.id);
        return reason !== undefined;
      },
      () =>
        `message ${message}, which has a field too many, did not come from ${subscription} to ${deadLetterSubscription}; when it does: pnpm dead-letters discard`,
    );
    if (!reason?.includes(extra)) throw new DeliveryError(`the dead letter gives no reason: "${reason}"`);
    return reason;
  }

  /** The one place where a row is deleted: a row that no publisher sent. */
  async #remove(): Promise<string> {
    const { id } = this.#record;
    const { table } = this.#found;
    const quoted = `\`${table}\``;
    try {
      await this.#bigquery.query({ query: `DELETE FROM ${quoted} WHERE id = @id`, params: { id } });
    } catch (error) {
      throw new DeliveryError(
        `${id} stays in ${table}: ${reasonOf(error)}. Remove it: DELETE FROM ${quoted} WHERE id = '${id}'`,
      );
    }
    const left = await this.#stored(id);
    if (left > 0) throw new DeliveryError(`${left} rows of ${id} are still in ${table}`);
    return `${id} removed`;
  }

  async #stored(id: string): Promise<number> {
    const { table } = this.#found;
    const [rows] = await this.#bigquery.query({
      query: `SELECT COUNT(*) AS n FROM \`${table}\` WHERE id = @id`,
      params: { id },
    });
    return Number(rows[0]?.n);
  }

  async #until(isTrue: () => Promise<boolean>, otherwise: () => string): Promise<void> {
    if (await until(isTrue, this.#options)) return;
    throw new DeliveryError(`${otherwise()} (waited ${this.#options.waitMs / 1000} s)`);
  }
}

/** Whatever goes wrong in a check is the check's result. */
async function attempt(name: string, act: () => Promise<string>): Promise<Check> {
  try {
    return { name, outcome: 'passed', detail: await act() };
  } catch (error) {
    return { name, outcome: 'failed', detail: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { reasonOf } from '@records/cli';
import { Google, parseTableName } from '@records/runtime';
import type { Target } from '@records/stack';
import { Api, bearer } from '../api.ts';
import { publish } from '../google-calls.ts';
import { Spans } from '../spans.ts';
import { RecordTable } from '../table.ts';
import { type Waits, waitFor } from '../waits.ts';
import { RecordCheck } from './check.ts';
import { RUN, takeDeadLetter } from './dead-letter.ts';
import { type Pipeline, pipelineOf } from './pipeline.ts';

/** The system under test. An address and a topic are enough: the rest is found by the topic. */
export interface Subject {
  /** Base URL of the API. */
  readonly api: string;
  /** `projects/p/topics/t` */
  readonly topic: string;
  /** For a private API. */
  readonly idToken?: string | undefined;
  /** The variables that lead Google's clients to a local cloud; empty for Google Cloud. */
  readonly environment: Target['environment'];
  /** Whether Google answers. Then a check of undocumented behaviour is reported and never fails the run. */
  readonly isGoogle: boolean;
}

/** `unconfirmed`: Google did not do what nobody has seen it do yet. */
type Outcome = 'passed' | 'failed' | 'unconfirmed' | 'not tried';

/** One line of the report. */
export interface CheckResult {
  readonly name: string;
  readonly outcome: Outcome;
  /** What was seen, or why it failed. */
  readonly detail: string;
}

interface Parts extends Pipeline {
  readonly api: Api;
  readonly check: RecordCheck;
}

/** A field that the table does not have. */
const EXTRA = 'sobra';

/** Checks a system end to end, once, and removes what it published. */
export class EndToEndSuite {
  readonly #subject: Subject;
  readonly #waits: Waits;
  readonly #google: Google;
  readonly #projectId: string;
  readonly #results: CheckResult[] = [];
  #parts: Parts | undefined;

  constructor(subject: Subject, waits: Waits) {
    this.#subject = subject;
    this.#waits = waits;
    this.#google = new Google(subject.environment);
    this.#projectId = subject.topic.split('/')[1] ?? '';
  }

  /** Never throws: a failure is a result and ends the checks. The suite removes its record and message in any case. */
  async run(): Promise<readonly CheckResult[]> {
    await this.#try('the topic is written into a table, and keeps what the table refuses', () =>
      this.#find(),
    );
    await this.#try('a published record can be read by its id', () => this.#readById());
    await this.#try('a published record is in the list', () => this.#readInList());
    // Google documents neither that the topic accepts a field too many, nor that five refusals take less than the wait,
    // nor that the reason names the field. Make this a failure everywhere once a run at Google has passed.
    await this.#try(
      'a message that the table refuses is in the dead letters, with its reason',
      () => this.#refuse(),
      this.#subject.isGoogle ? 'unconfirmed' : 'failed',
    );
    if (this.#parts) this.#results.push(await outcomeOf('nothing of the run is left', () => this.#remove()));
    return this.#results;
  }

  async #try(name: string, act: () => Promise<string>, otherwise: Outcome = 'failed'): Promise<void> {
    const isTried = this.#results.every(({ outcome }) => outcome === 'passed');
    const skipped = { name, outcome: 'not tried', detail: 'an earlier check failed' } as const;
    this.#results.push(isTried ? await outcomeOf(name, act, otherwise) : skipped);
  }

  get #found(): Parts {
    if (this.#parts) return this.#parts;
    throw new Error('the pipeline was not found');
  }

  async #find(): Promise<string> {
    const { api: url, topic, idToken } = this.#subject;
    const pipeline = await pipelineOf(this.#google, topic);
    const calls = { google: this.#google, spans: new Spans() };
    const project = { project: this.#projectId, service: 'records-e2e' };
    const table = new RecordTable({ ...calls, ...project, table: parseTableName(pipeline.table) });
    const api = new Api(url, bearer(idToken));
    const check = new RecordCheck({ ...calls, topic, table, api, waits: this.#waits });
    this.#parts = { ...pipeline, api, check };
    return pipeline.table;
  }

  async #readById(): Promise<string> {
    const { api, check, subscription, table } = this.#found;
    const { now } = this.#waits;
    const { id } = check.record;
    // Any answer will do: nothing is published for an address where nobody answers.
    await api.get('/health/live');
    const started = now();
    await check.publish();
    await check.waitForRow(`${id} is not in ${table}, where ${subscription} should write it`);
    await check.readById(`the API does not serve ${id}, which is in ${table}`);
    return `visible after ${((now() - started) / 1000).toFixed(1)} s`;
  }

  async #readInList(): Promise<string> {
    return `at offset ${await this.#found.check.readInList()}`;
  }

  async #refuse(): Promise<string> {
    const { topic, environment } = this.#subject;
    const { check, table, subscription, deadLetterSubscription } = this.#found;
    const { id } = check.record;
    const data = JSON.stringify({ ...check.record, id: `${id}-x`, [EXTRA]: 'x' });
    const message = await publish(this.#google, topic, data, { [RUN]: id });
    const target = { projectId: this.#projectId, topic, table, environment };
    const reason = await waitFor(
      () => takeDeadLetter(target, deadLetterSubscription, id),
      this.#waits,
      () =>
        `message ${message}, which has a field too many, did not come from ${subscription} to ${deadLetterSubscription}; remove it when it does: pnpm ops dead-letters discard`,
    );
    if (reason.includes(EXTRA)) return reason;
    throw new Error(`the dead letter gives no reason: "${reason}"`);
  }

  async #remove(): Promise<string> {
    const { check, table } = this.#found;
    const { id } = check.record;
    try {
      await check.remove();
    } catch (cause) {
      const statement = `DELETE FROM \`${table}\` WHERE id = '${id}'`;
      throw new Error(`${id} may stay: ${reasonOf(cause)}. Remove it: ${statement}`, { cause });
    }
    return `${id} removed`;
  }
}

async function outcomeOf(
  name: string,
  act: () => Promise<string>,
  otherwise: Outcome = 'failed',
): Promise<CheckResult> {
  try {
    return { name, outcome: 'passed', detail: await act() };
  } catch (error) {
    const note = otherwise === 'unconfirmed' ? ' (Google does not document this: it fails nothing)' : '';
    return { name, outcome: otherwise, detail: `${reasonOf(error)}${note}` };
  }
}

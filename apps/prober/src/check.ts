import { SpanKind } from '@opentelemetry/api';
import { encodeRecord, type RecordRow } from '@records/records-schema';
import type { Google } from '@records/runtime';
import { TRACE_ATTRIBUTE } from '@records/telemetry';
import { AnswerError, type Api, bodyOf, quote } from './api.ts';
import { publish } from './google-calls.ts';
import { positionOf } from './list.ts';
import { faultOf, type Mark, markedRecord } from './record.ts';
import type { Spans } from './spans.ts';
import type { RecordTable } from './table.ts';
import { type Waits, waitFor } from './waits.ts';

export interface RecordCheckOptions {
  readonly mark: Mark;
  /** `projects/p/topics/t` */
  readonly topic: string;
  readonly table: RecordTable;
  readonly api: Api;
  readonly google: Google;
  readonly spans: Spans;
  readonly waits: Waits;
}

/** One marked record from publish to clean-up, part by part. Each part throws what went wrong. */
export class RecordCheck {
  readonly record: RecordRow;
  readonly #options: RecordCheckOptions;

  constructor(options: RecordCheckOptions) {
    this.#options = options;
    this.record = markedRecord(options.mark, options.waits.now());
  }

  async publish(): Promise<void> {
    const { google, topic, spans } = this.#options;
    const attributes = { 'messaging.system': 'gcp_pubsub', 'messaging.operation': 'publish' };
    await spans.run('records send', SpanKind.PRODUCER, attributes, async ({ traceparent }) => {
      const trace = traceparent === undefined ? {} : { [TRACE_ATTRIBUTE]: traceparent };
      await publish(google, topic, encodeRecord(this.record), trace);
    });
  }

  /** Waits until the table has the record. `otherwise` is the error when it does not come. */
  async waitForRow(otherwise: string): Promise<void> {
    const { table, waits } = this.#options;
    const look = async () => (await table.count(this.record.id)) > 0 || undefined;
    await waitFor(look, waits, () => otherwise);
  }

  /** Waits until the API serves exactly the record. `otherwise` begins the error when it does not. */
  async readById(otherwise: string): Promise<void> {
    let said = '';
    const look = async () => {
      try {
        const answer = await this.#get();
        said = `it answers ${answer.status} ${quote(answer.text)}`;
        return answer.status === 200 ? answer : undefined;
      } catch (error) {
        if (!(error instanceof AnswerError)) throw error;
        said = error.message;
        return undefined;
      }
    };
    const answer = await waitFor(look, this.#options.waits, () => `${otherwise}: ${said}`);
    const fault = faultOf(bodyOf(answer), this.record);
    if (fault !== undefined) throw new Error(fault);
  }

  /** Waits until the list holds the record. Answers its offset. */
  readInList(): Promise<number> {
    const { api, waits } = this.#options;
    const { id } = this.record;
    const otherwise = `the API serves ${id} by its id, and the list does not hold it`;
    return waitFor(
      () => positionOf(api, id),
      waits,
      () => otherwise,
    );
  }

  /** Deletes the record, and what checks of its mark left that are older than `leftAfterMs`. Answers the number of rows. */
  async remove(leftAfterMs = Number.POSITIVE_INFINITY): Promise<number> {
    const { table, mark, waits } = this.#options;
    const removed = await table.remove(this.record.id, mark, waits.now() - leftAfterMs);
    const left = await table.count(this.record.id);
    if (left > 0) throw new Error(`${left} rows of the record are still in the table`);
    return removed;
  }

  #get() {
    const { api, spans } = this.#options;
    const route = { 'http.request.method': 'GET', 'http.route': '/records/:id' };
    return spans.run('GET /records/:id', SpanKind.CLIENT, route, async (header, note) => {
      const answer = await api.get(`/records/${this.record.id}`, header);
      note({ 'http.response.status_code': answer.status });
      return answer;
    });
  }
}

import type { RecordRow } from '@records/records-schema';
import { AnswerError, type Api, bodyOf, quote } from '../api.ts';
import { type PublishOptions, publishRecord } from '../publish-record.ts';
import { faultOf, madeUpRecord } from '../record.ts';
import type { RecordTable } from '../table.ts';
import { type Waits, waitFor } from '../waits.ts';
import { positionOf } from './list.ts';

export interface RecordCheckOptions extends PublishOptions {
  readonly table: RecordTable;
  readonly api: Api;
  readonly waits: Waits;
}

/** One made-up record from publish to clean-up, part by part. Each part throws what went wrong. */
export class RecordCheck {
  readonly record: RecordRow;
  readonly #options: RecordCheckOptions;

  constructor(options: RecordCheckOptions) {
    this.#options = options;
    this.record = madeUpRecord('e2e-', options.waits.now());
  }

  publish(): Promise<void> {
    return publishRecord(this.#options, this.record);
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
        const answer = await this.#options.api.get(`/records/${this.record.id}`);
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

  /** Deletes the record. */
  async remove(): Promise<void> {
    const { table } = this.#options;
    await table.remove(this.record.id);
    const left = await table.count(this.record.id);
    if (left > 0) throw new Error(`${left} rows of the record are still in the table`);
  }
}

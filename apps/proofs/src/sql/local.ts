import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { ForkedProcess } from '../shared/forked-process.ts';
import { memoryOf, processorSecondsOf } from '../shared/memory.ts';
import type { Answer, Column, Side, Value } from './answer.ts';
import { TABLES } from './tables.ts';

const SCRIPT = join(import.meta.dirname, 'local-bigquery-process.ts');
const ANSWER_MS = 30_000;
const ROWS = 10_000;

interface Field {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly rangeElementType?: { readonly type: string };
  readonly fields?: readonly Field[];
}

type Cell = null | string | { readonly f: readonly { readonly v: Cell }[] } | readonly { readonly v: Cell }[];

interface Body {
  readonly schema: { readonly fields: readonly Field[] };
  readonly rows?: readonly { readonly f: readonly { readonly v: Cell }[] }[];
  readonly error?: { readonly message: string };
}

/** The local BigQuery in a process of its own, asked over its REST API. */
export class LocalSide implements Side {
  #process: ForkedProcess<never, never> | undefined;
  #url = '';
  /** Resolves when the process answers. Queries that wait together share one new start. */
  #ready: Promise<void>;

  private constructor() {
    this.#ready = this.#start();
  }

  static async start(): Promise<LocalSide> {
    const side = new LocalSide();
    await side.#ready;
    return side;
  }

  async #start(): Promise<void> {
    this.#process = new ForkedProcess(SCRIPT);
    this.#url = await this.#process.next<string>();
    for (const [name, query] of Object.entries(TABLES)) {
      const made = await this.#post(`CREATE TABLE ${name} AS ${query}`);
      if (!made || 'error' in made) throw new Error(`Table ${name} was not made: ${made?.error}`);
    }
  }

  /** A query whose process another query ended is asked again, once. */
  async answer(query: string, isAgain = false): Promise<Answer> {
    const ready = this.#ready;
    await ready;
    try {
      return await this.#post(query);
    } catch (error) {
      if (!(error instanceof SilenceError)) throw error;
      if (this.#ready === ready) this.#ready = this.#restart();
      await this.#ready;
      return !error.isLate && !isAgain ? await this.answer(query, true) : undefined;
    }
  }

  async #restart(): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    await this.#start();
  }

  async #post(query: string): Promise<Answer> {
    const { status, body } = await posted(this.#url, {
      query,
      useLegacySql: false,
      defaultDataset: { datasetId: 'd' },
      formatOptions: { useInt64Timestamp: true },
      maxResults: ROWS,
      timeoutMs: ANSWER_MS,
    });
    if (status < 400) return tableOf(body);
    return { error: body.error?.message ?? '', isServerError: status >= 500 };
  }

  memory(): number {
    return memoryOf(this.#process?.pid ?? 0).now;
  }

  processorSeconds(): number {
    return processorSecondsOf(this.#process?.pid ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }
}

/** The process did not answer in time, or closed the connection. */
class SilenceError extends Error {
  override readonly name = 'SilenceError';
  readonly isLate: boolean;

  constructor(cause: Error, isLate: boolean) {
    super('no answer', { cause });
    this.isLate = isLate;
  }
}

const agent = new Agent({ keepAlive: true });

/** fetch takes more of the processor, which counts at 100,000 queries. */
function posted(url: string, body: object): Promise<{ status: number; body: Body }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(ANSWER_MS);
    const fail = (error: Error) => reject(new SilenceError(error, signal.aborted));
    const sent = request(url, { method: 'POST', agent, headers, signal }, (response) => {
      json(response).then((read) => resolve({ status: response.statusCode ?? 0, body: read as Body }), fail);
    });
    sent.on('error', fail);
    sent.end(JSON.stringify(body));
  });
}

const TYPE: Readonly<Record<string, string>> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' };

function tableOf({ schema, rows = [] }: Body): Answer {
  const fields = schema?.fields ?? [];
  return {
    columns: fields.map((field): Column => ({ name: field.name, type: typeOf(field) })),
    rows: rows.map(({ f }) => f.map(({ v }, index) => valueFrom(fields[index], v))),
    rest: { schema, rows },
  };
}

function typeOf({ type, mode, fields = [], rangeElementType }: Field): string {
  const members = fields.map((field) => `${field.name} ${typeOf(field)}`).join(', ');
  const plain = rangeElementType ? `RANGE<${rangeElementType.type}>` : (TYPE[type] ?? type);
  const element = type === 'RECORD' ? `STRUCT<${members}>` : plain;
  return mode === 'REPEATED' ? `ARRAY<${element}>` : element;
}

function valueFrom(field: Field | undefined, cell: Cell): Value {
  if (cell === null || field === undefined) return null;
  if (Array.isArray(cell)) return cell.map(({ v }) => valueFrom({ ...field, mode: 'NULLABLE' }, v));
  if (typeof cell === 'string') return field.type === 'FLOAT' ? Number(cell) : cell;
  return 'f' in cell ? cell.f.map(({ v }, index) => valueFrom(field.fields?.[index], v)) : null;
}

import { join } from 'node:path';
import { ForkedProcess } from '../shared/forked-process.ts';
import { memoryOf } from '../shared/memory.ts';
import type { Answer, Column, Side, Value } from './answer.ts';
import { TABLES } from './tables.ts';

const SCRIPT = join(import.meta.dirname, 'local-bigquery-process.ts');
const ANSWER_MS = 30_000;
const ROWS = 10_000;

interface Field {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
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
      if (!isSilence(error)) throw error;
      if (this.#ready === ready) this.#ready = this.#restart();
      await this.#ready;
      return error instanceof TypeError && !isAgain ? await this.answer(query, true) : undefined;
    }
  }

  async #restart(): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    await this.#start();
  }

  async #post(query: string): Promise<Answer> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query,
        useLegacySql: false,
        defaultDataset: { datasetId: 'd' },
        formatOptions: { useInt64Timestamp: true },
        maxResults: ROWS,
        timeoutMs: ANSWER_MS,
      }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const body = (await response.json()) as Body;
    if (response.ok) return tableOf(body);
    return { error: body.error?.message ?? '', isServerError: response.status >= 500 };
  }

  memory(): number {
    return memoryOf(this.#process?.pid ?? 0).now;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }
}

/** It did not answer in time, or closed the connection. */
function isSilence(error: unknown): boolean {
  return error instanceof DOMException || error instanceof TypeError;
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

function typeOf({ type, mode, fields = [] }: Field): string {
  const members = fields.map((field) => `${field.name} ${typeOf(field)}`).join(', ');
  const element = type === 'RECORD' ? `STRUCT<${members}>` : (TYPE[type] ?? type);
  return mode === 'REPEATED' ? `ARRAY<${element}>` : element;
}

function valueFrom(field: Field | undefined, cell: Cell): Value {
  if (cell === null || field === undefined) return null;
  if (Array.isArray(cell)) return cell.map(({ v }) => valueFrom({ ...field, mode: 'NULLABLE' }, v));
  if (typeof cell === 'string') return field.type === 'FLOAT' ? Number(cell) : cell;
  return 'f' in cell ? cell.f.map(({ v }, index) => valueFrom(field.fields?.[index], v)) : null;
}

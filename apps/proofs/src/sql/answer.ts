/** A value in one form for both sides: null, text of a scalar, a number for FLOAT64, a list for ARRAY and STRUCT. */
export type Value = null | string | number | readonly Value[];

export interface Column {
  /** Empty for a column without a name. */
  readonly name: string;
  /** `ARRAY<STRUCT<a INT64, b STRING>>` */
  readonly type: string;
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Value[])[];
  /** The same as BigQuery's REST API sends it. */
  readonly rest?: { readonly schema: unknown; readonly rows: readonly unknown[] };
}

interface Failure {
  readonly error: string;
  /** Whether the answering side itself is at fault, and not the query. */
  readonly isServerError?: boolean;
}

/** Undefined: no answer in time, or the answering process has ended. */
export type Answer = Table | Failure | undefined;

/** Answers queries over the tables of the comparison. */
export interface Side extends AsyncDisposable {
  answer(query: string): Promise<Answer>;
  /** Resident memory, MB. */
  memory(): number;
  /** Seconds of a processor since its process began. */
  processorSeconds(): number;
}

import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  INTERVAL,
  LIST,
  STRUCT,
  TIME,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api';
import { invalidQuery, type Position, unsupported } from '../errors.ts';
import { type DataType, duckType, type ScalarKind, structKey } from '../types.ts';
import type { Name } from './ast.ts';
import { combined, type Resolved } from './resolved.ts';

/** A query parameter with its value. */
export interface Parameter {
  /** In lower case; undefined for a positional one. */
  readonly name: string | undefined;
  readonly type: DataType;
  readonly value: DuckDBValue;
}

/** A variable of a script. */
export interface Variable {
  readonly type: DataType;
  readonly value: DuckDBValue;
}

export interface Variables {
  find(name: string): Variable | undefined;
}

/** Where a node stands in the query, and the values of its statement. */
export interface Site {
  readonly at: Position;
  readonly bindings: Bindings;
}

/** What CREATE stores of a query: it outlives the parameters and variables of its statement. */
export type StoredBody = 'view' | 'function';

/** The values bound to the translated statement, as DuckDB's `$p1`, `$p2`, … */
export class Bindings {
  readonly #parameters: readonly Parameter[];
  readonly #variables: Variables | undefined;
  readonly #slots = new Map<string, string>();
  readonly #values: DuckDBValue[] = [];
  readonly #types: DuckDBType[] = [];
  #body: StoredBody | undefined;

  constructor(parameters: readonly Parameter[], variables?: Variables) {
    this.#parameters = parameters;
    this.#variables = variables;
  }

  /** Value and type of a slot, by its name without `$`. Slots of rejected overloads are not in the statement. */
  slot(name: string): { value: DuckDBValue; type: DuckDBType } {
    const index = Number(name.slice(1)) - 1;
    const [value, type] = [this.#values[index], this.#types[index]];
    if (value === undefined || type === undefined) throw new RangeError(`Unknown slot $${name}`);
    return { value, type };
  }

  /** Runs `work`, in which nothing has a value: it reads what is stored. */
  storing<T>(body: StoredBody, work: () => T): T {
    this.#body = body;
    try {
      return work();
    } finally {
      this.#body = undefined;
    }
  }

  /** Resolves a variable. It is not coerced like a parameter. */
  variable({ text, at }: Name): Resolved | undefined {
    const variable = this.#variables?.find(text);
    if (!variable || this.#body) return undefined;
    const { coercible: _, ...value } = this.bind(
      variable.type,
      variable.value,
      at,
      `variable ${text.toLowerCase()}`,
    );
    return value;
  }

  /** Resolves a query parameter: its name without `@`, or the zero-based position of its `?`. */
  parameter(name: string | number, at: Position): Resolved {
    if (this.#body) throw invalidQuery(`Query parameters cannot be used inside SQL ${this.#body} bodies`, at);
    if (typeof name === 'string' && name.startsWith('@')) return this.#systemVariable(`@${name}`, at);
    const parameter =
      typeof name === 'number'
        ? this.#parameters[name]
        : this.#parameters.find((candidate) => candidate.name === name);
    if (typeof name === 'number' && (!parameter || parameter.name !== undefined))
      throw invalidQuery(
        `Number of positional parameters is ${this.#parameters.length}, but the query has more`,
        at,
      );
    if (!parameter) throw invalidQuery(`Query parameter '${name}' not found`, at);
    return this.bind(parameter.type, parameter.value, at, String(name));
  }

  #systemVariable(name: string, at: Position): Resolved {
    const variable = this.variable({ text: name, at });
    if (variable) return variable;
    throw unsupported(`System variable ${name} here`, at);
  }

  /** Binds a value that has a slot of its own. */
  bindOnce(type: DataType, value: DuckDBValue, at: Position): Resolved {
    return this.bind(type, value, at, `once ${this.#slots.size}`);
  }

  /** Binds a value to a slot; uses with the same key and type share a slot. */
  bind(type: DataType, value: DuckDBValue, at: Position, key: string): Resolved {
    const typeSql = duckType(type);
    const slotKey = `${key} ${typeSql}`;
    const slot = this.#slots.get(slotKey) ?? `$p${this.#values.length + 1}`;
    if (!this.#slots.has(slotKey)) {
      this.#slots.set(slotKey, slot);
      this.#values.push(value);
      this.#types.push(bindingType(type));
    }
    return combined(`CAST(${slot} AS ${typeSql})`, type, at, [], { coercible: 'PARAMETER', constant: value });
  }
}

const SCALARS: Readonly<Record<ScalarKind, DuckDBType>> = {
  'RANGE<DATE>': STRUCT({ s: DATE, e: DATE }),
  'RANGE<DATETIME>': STRUCT({ s: TIMESTAMP, e: TIMESTAMP }),
  'RANGE<TIMESTAMP>': STRUCT({ s: TIMESTAMP, e: TIMESTAMP }),
  STRING: VARCHAR,
  BYTES: BLOB,
  INT64: BIGINT,
  FLOAT64: DOUBLE,
  NUMERIC: DECIMAL(38, 9),
  BIGNUMERIC: BLOB,
  BOOL: BOOLEAN,
  DATE,
  DATETIME: TIMESTAMP,
  TIME,
  TIMESTAMP,
  'TIMESTAMP(12)': HUGEINT,
  INTERVAL,
  JSON: VARCHAR,
};

/** The type of DuckDB that stores values of a type. */
export function bindingType(type: DataType): DuckDBType {
  if (type.kind === 'ARRAY') return LIST(bindingType(type.element));
  if (type.kind !== 'STRUCT') return SCALARS[type.kind];
  return STRUCT(
    Object.fromEntries(type.fields.map((field, index) => [structKey(index), bindingType(field.type)])),
  );
}

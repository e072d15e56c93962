import {
  ANY,
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBScalarFunction,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  SQLNULL,
} from '@duckdb/node-api';
import { decodeBigNumeric, encodeBigNumeric } from '../../bignumeric.ts';
import { decodeInterval, encodeInterval, type Interval, IntervalRangeError } from '../../intervals.ts';
import { compactJson, type Json, parseJsonText } from '../../json.ts';
import { quoteLiteral } from '../../names.ts';
import { type ScalarKind, scalar } from '../../types.ts';
import { bindingType } from '../bindings.ts';
import { CAUGHT, FAILURE_MARK, FAULT_MARK } from '../let.ts';
import type { Resolved } from '../resolved.ts';
import { type Overload, overload } from './table.ts';

/** The values of GoogleSQL's types in JavaScript. */
interface Values {
  STRING: string;
  /** A word, such as MONTH. */
  PART: string;
  BYTES: Uint8Array;
  /** BYTES as a text with a character for each byte. */
  LATIN1: string;
  INT64: bigint;
  FLOAT64: number;
  /** In units of 10^-9. */
  NUMERIC: bigint;
  /** In units of 10^-38. */
  BIGNUMERIC: bigint;
  BOOL: boolean;
  /** Days since 1970-01-01. */
  DATE: number;
  /** Microseconds since 1970-01-01 00:00, on a clock without a time zone. */
  DATETIME: bigint;
  /** Microseconds since midnight. */
  TIME: bigint;
  /** Microseconds since the epoch. */
  TIMESTAMP: bigint;
  INTERVAL: Interval;
  JSON: Json;
  /** Any value, as DuckDB has it. */
  ANY: DuckDBValue;
}

type Value<Type> = Type extends keyof Values
  ? Values[Type]
  : Type extends `ARRAY<${infer Element}>`
    ? readonly (Value<Element> | null)[]
    : never;

type Parameters<List> = List extends ''
  ? []
  : List extends `${infer First}, ${infer Rest}`
    ? [...Parameters<First>, ...Parameters<Rest>]
    : List extends `${string}=>${infer Type}`
      ? Parameters<Type>
      : List extends `${infer Type}...`
        ? Value<Type>[]
        : List extends `${infer Type}?`
          ? [Value<Type>?]
          : [Value<List>];

/** The JavaScript function that computes a signature. It is not called when an argument is NULL. */
type Compute<Signature> = Signature extends `${infer List} -> ${infer Type}`
  ? (...args: Parameters<List>) => Value<Type> | null
  : never;

interface Codec {
  readonly type: DuckDBType;
  decode(value: DuckDBValue): unknown;
  encode(value: unknown): DuckDBValue;
}

/** Of values that DuckDB has as an `Inner`, and JavaScript as an `Outer`. */
function coded<Inner, Outer>(
  kind: ScalarKind,
  decode: (value: Inner) => Outer,
  encode: (value: Outer) => Inner,
): Codec {
  return { type: bindingType(scalar(kind)), decode, encode } as unknown as Codec;
}

const same = (value: DuckDBValue) => value;
const plain = (kind: ScalarKind) => coded(kind, same, same);
const microsOf = ({ micros }: { readonly micros: bigint }) => micros;
const latin1Of = ({ bytes }: DuckDBBlobValue) => Buffer.from(bytes).toString('latin1');
const instant = (micros: bigint) => new DuckDBTimestampValue(micros);

const CODECS: Readonly<Record<keyof Values, Codec>> = {
  STRING: plain('STRING'),
  PART: plain('STRING'),
  INT64: plain('INT64'),
  FLOAT64: plain('FLOAT64'),
  BOOL: plain('BOOL'),
  INTERVAL: coded('INTERVAL', decodeInterval, encodeInterval),
  ANY: { ...plain('STRING'), type: ANY },
  BYTES: coded(
    'BYTES',
    ({ bytes }: DuckDBBlobValue) => bytes,
    (bytes) => new DuckDBBlobValue(bytes),
  ),
  LATIN1: coded('BYTES', latin1Of, (text) => new DuckDBBlobValue(Buffer.from(text, 'latin1'))),
  NUMERIC: coded(
    'NUMERIC',
    ({ value }: DuckDBDecimalValue) => value,
    (units) => new DuckDBDecimalValue(units, 38, 9),
  ),
  BIGNUMERIC: coded('BIGNUMERIC', decodeBigNumeric, encodeBigNumeric),
  JSON: coded('JSON', parseJsonText, compactJson),
  DATE: coded(
    'DATE',
    ({ days }: DuckDBDateValue) => days,
    (days) => new DuckDBDateValue(days),
  ),
  TIME: coded('TIME', microsOf, (micros) => new DuckDBTimeValue(micros)),
  DATETIME: coded('DATETIME', microsOf, instant),
  TIMESTAMP: coded('TIMESTAMP', microsOf, instant),
};

function codecOf(type: string): Codec {
  const element = /^ARRAY<(.*)>$/.exec(type)?.[1];
  if (element === undefined) {
    if (!Object.hasOwn(CODECS, type)) throw new TypeError(`Unknown type ${type} in a signature`);
    return CODECS[type as keyof Values];
  }
  const { type: inner, decode, encode } = codecOf(element);
  return {
    type: LIST(inner),
    decode: (value) => (value as DuckDBListValue).items.map((item) => (item === null ? null : decode(item))),
    encode: (value) =>
      new DuckDBListValue((value as unknown[]).map((item) => (item === null ? null : encode(item)))),
  };
}

/** A refusal with BigQuery's words. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';

  constructor(message: string) {
    super(`${FAILURE_MARK}${message}`);
  }

  /** The refusal of an argument of the function. */
  inFunction(name: string): FunctionError {
    return new FunctionError(`Invalid input to ${name}: ${this.message.slice(FAILURE_MARK.length)}`);
  }
}

/** A function of DuckDB with a fixed number of parameters; optional ones make several. */
interface Definition {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly result: string;
  readonly repeated: boolean;
  compute(...args: unknown[]): unknown;
}

const DEFINED = new Map<string, Definition>();

/** The SQL of a call, given the SQL of its arguments and, if there are words among them, the resolved arguments. */
export type Call = (args: readonly string[], resolved?: readonly Resolved[]) => string;

/**
 * Defines a function that DuckDB lacks, or means otherwise, and returns the SQL of its calls. The result is NULL when an
 * argument is NULL. A call takes about 3 µs. `ANY...` passes the rest as DuckDB has it, NULLs included.
 */
export function defined<Signature extends string>(
  name: string,
  signature: Signature,
  compute: Compute<Signature>,
): Call {
  const { parameters, result } = overload(signature, () => '');
  const repeated = parameters.at(-1)?.isRepeated ?? false;
  const fixed = repeated ? parameters.slice(0, -1) : parameters;
  const optional = fixed.filter(({ isOptional }) => isOptional).length;
  const nameOf = (count: number) => `bq_${name}${count < fixed.length ? count : ''}`;
  for (let count = fixed.length - optional; count <= fixed.length; count += 1) {
    if (DEFINED.has(nameOf(count))) throw new TypeError(`The function ${nameOf(count)} is defined twice`);
    DEFINED.set(nameOf(count), {
      name: nameOf(count),
      parameters: fixed.slice(0, count).map(({ type }) => type),
      result,
      repeated,
      compute: compute as unknown as Definition['compute'],
    });
  }
  return (args, resolved = []) => {
    const values = args.map((sql, index) => {
      const special = resolved[index]?.special;
      return special ? quoteLiteral(special.part) : sql;
    });
    return `${nameOf(args.length)}(${values.join(', ')})`;
  };
}

/** A signature that JavaScript computes; see `defined`. */
export function computed<Signature extends string>(
  name: string,
  signature: Signature,
  compute: Compute<Signature>,
): Overload {
  return overload(signature, defined(name, signature, compute));
}

type Replaced<Signature> = Signature extends `${infer Before}$${infer After}`
  ? `${Before}STRING${Replaced<After>}`
  : Signature;

/** A signature over BYTES that is computed as if each byte were a character. `$` is BYTES. */
export function ofBytes<Signature extends string>(
  name: string,
  signature: Signature,
  compute: Compute<Replaced<Signature>>,
): Overload {
  const call = defined(
    `${name}_of_bytes`,
    signature.replaceAll('$', 'LATIN1'),
    compute as unknown as Compute<string>,
  );
  return overload(signature.replaceAll('$', 'BYTES'), call);
}

/** The signatures over STRING and BYTES. `$` is the type. */
export function both<Signature extends string>(
  name: string,
  signature: Signature,
  compute: Compute<Replaced<Signature>>,
): Overload[] {
  const ofText = computed(name, signature.replaceAll('$', 'STRING'), compute as unknown as Compute<string>);
  return [ofText, ofBytes(name, signature, compute)];
}

/** Makes the functions known to a database: all its connections have them. */
export function registerComputed(connection: DuckDBConnection): void {
  for (const definition of DEFINED.values()) connection.registerScalarFunction(scalarFunction(definition));
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: CAUGHT,
      returnType: SQLNULL,
      mainFunction() {
        throw new FunctionError('caught');
      },
    }),
  );
}

function scalarFunction({ name, parameters, result, repeated, compute }: Definition): DuckDBScalarFunction {
  const codecs = parameters.map(codecOf);
  const returns = codecOf(result);
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: codecs.map(({ type }) => type),
    returnType: returns.type,
    ...(repeated && { varArgsType: ANY, specialHandling: true }),
    mainFunction(_, chunk, output) {
      const columns = Array.from({ length: chunk.columnCount }, (_, index) => chunk.getColumnVector(index));
      for (let row = 0; row < chunk.rowCount; row += 1) {
        const values = columns.map((column) => column.getItem(row));
        const isNull = values.slice(0, codecs.length).includes(null);
        output.setItem(row, isNull ? null : computedValue(compute, values, codecs, returns));
      }
      output.flush();
    },
  });
}

/** Marks what is no refusal as a fault of ours: DuckDB calls every error of a function an invalid input. */
function computedValue(
  compute: Definition['compute'],
  values: readonly DuckDBValue[],
  codecs: readonly Codec[],
  returns: Codec,
): DuckDBValue {
  try {
    const result = compute(...values.map((value, index) => codecs[index]?.decode(value) ?? value));
    return result === null ? null : returns.encode(result);
  } catch (error) {
    if (error instanceof FunctionError) throw error;
    if (error instanceof IntervalRangeError) throw new FunctionError(error.message);
    throw new Error(`${FAULT_MARK}${Error.isError(error) ? error.stack : error}`, { cause: error });
  }
}

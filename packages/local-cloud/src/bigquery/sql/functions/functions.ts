import { AGGREGATES } from './aggregates.ts';
import { BUCKET_FUNCTIONS } from './buckets.ts';
import { GENERAL_FUNCTIONS } from './general.ts';
import { HASH_FUNCTIONS } from './hashes.ts';
import { INTERVAL_FUNCTIONS } from './interval.ts';
import { JSON_FUNCTIONS } from './json.ts';
import { NET_FUNCTIONS } from './net.ts';
import { NUMERIC_FUNCTIONS } from './numeric.ts';
import { RANGE_FUNCTIONS } from './ranges.ts';
import { type FunctionTable, overloadsOf } from './table.ts';
import { TEXT_FUNCTIONS } from './text.ts';
import { TIME_FUNCTIONS } from './time.ts';
import { WINDOW_FUNCTIONS } from './windows.ts';

/** Functions whose translation gives BigQuery's result. Every other function is refused by name. */
export const SCALAR_FUNCTIONS: FunctionTable = {
  ...TEXT_FUNCTIONS,
  ...HASH_FUNCTIONS,
  ...NET_FUNCTIONS,
  ...NUMERIC_FUNCTIONS,
  ...GENERAL_FUNCTIONS,
  ...JSON_FUNCTIONS,
  ...TIME_FUNCTIONS,
  ...INTERVAL_FUNCTIONS,
  ...BUCKET_FUNCTIONS,
  ...RANGE_FUNCTIONS,
};

/** A signature that the local BigQuery answers, without arguments by name. See `overload`. */
export interface FunctionSignature {
  readonly name: string;
  readonly kind: 'scalar' | 'aggregate' | 'window';
  readonly parameters: readonly string[];
  /** Number of arguments at the end that may be omitted. */
  readonly optional: number;
  /** Whether the last parameter may repeat. */
  readonly repeated: boolean;
  readonly result: string;
}

export function functionSignatures(): FunctionSignature[] {
  const of = (kind: FunctionSignature['kind'], table: FunctionTable) =>
    Object.keys(table).flatMap((name) =>
      (overloadsOf(table, name) ?? []).map(({ parameters: all, result }) => {
        const parameters = all.filter(({ isNamedOnly }) => !isNamedOnly);
        return {
          name,
          kind,
          parameters: parameters.map(({ type }) => type),
          optional: parameters.filter(({ isOptional }) => isOptional).length,
          repeated: parameters.at(-1)?.isRepeated ?? false,
          result,
        };
      }),
    );
  return [
    ...of('scalar', SCALAR_FUNCTIONS),
    ...of('aggregate', AGGREGATES),
    ...of('window', WINDOW_FUNCTIONS),
  ];
}

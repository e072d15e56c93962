import { AGGREGATES } from './aggregates.ts';
import type { FunctionTable } from './overload.ts';
import { SCALAR_FUNCTIONS } from './scalars.ts';
import { WINDOW_FUNCTIONS } from './windows.ts';

/** A signature that the local BigQuery answers. `T` is any type, PART a date part and INTERVAL an interval. */
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
    Object.entries(table).flatMap(([name, overloads]) =>
      overloads.map(({ parameters, optional, repeated, result }) => ({
        name,
        kind,
        parameters,
        optional,
        repeated,
        result,
      })),
    );
  return [
    ...of('scalar', SCALAR_FUNCTIONS),
    ...of('aggregate', AGGREGATES),
    ...of('window', WINDOW_FUNCTIONS),
  ];
}

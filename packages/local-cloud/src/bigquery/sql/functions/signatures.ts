import { AGGREGATES } from './aggregates.ts';
import { SCALAR_FUNCTIONS } from './scalars.ts';
import type { FunctionTable } from './table.ts';
import { WINDOW_FUNCTIONS } from './windows.ts';

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
    Object.entries(table).flatMap(([name, overloads]) =>
      overloads.map(({ parameters: all, result }) => {
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

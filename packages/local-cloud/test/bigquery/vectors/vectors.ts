/** Expressions with the row of Google's evaluator, ZetaSQL, or with our message where it refuses, too. */
export type Vectors = readonly (readonly [sql: string, expected: readonly unknown[] | string])[];

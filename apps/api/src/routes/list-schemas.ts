import { validSamples } from '@records/records-schema';
import { Type } from '@sinclair/typebox';
import { TOKEN_PATTERN } from '../warehouse/lists/list-names.ts';
import { freshnessHeaderSchemas, lastModifiedSchema } from './freshness.ts';

// Shared by the operations on the list.

export const WAREHOUSE_PROBLEMS = ['warehouse-unavailable', 'warehouse-busy', 'warehouse-timeout'] as const;

export const LIST_PROBLEMS = [
  'invalid-parameters',
  'list-too-large',
  'not-acceptable',
  'snapshot-expired',
  'precondition-failed',
  ...WAREHOUSE_PROBLEMS,
] as const;

export const EXAMPLE_TOKEN = '0f3a9c5e7b21-tp0ce8-0';

export const EXAMPLE_PEOPLE = validSamples.slice(0, 2).map(({ value }) => value);

export const snapshotParameter = {
  snapshot: Type.Optional(
    Type.String({
      pattern: TOKEN_PATTERN,
      'x-rule': 'must be a snapshot from a `Link` header of `/records`',
      description:
        'The snapshot to read: every page of a walk names the same one. Take it from a `Link` header. By default the current list is read.',
    }),
  ),
};

export const varyOf = (value: string) => ({
  Vary: Type.Literal(value, {
    description: 'The request headers that select this representation.',
    examples: [value],
  }),
});

export const listHeaders = {
  'X-Total-Count': Type.Integer({
    minimum: 0,
    description: 'Records in the list, or those that match the filter.',
    examples: [1000],
  }),
  ...lastModifiedSchema,
  ...freshnessHeaderSchemas,
};

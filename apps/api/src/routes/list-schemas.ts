import { validSamples } from '@records/records-schema';
import { Type } from '@sinclair/typebox';
import { TOKEN_PATTERN } from '../warehouse/snapshots/snapshot-names.ts';
import { freshnessHeaderSchemas, lastModifiedSchema } from './freshness.ts';

/** What the operations on the list have in common. */

export const WAREHOUSE_PROBLEMS = ['warehouse-unavailable', 'warehouse-busy', 'warehouse-timeout'] as const;

export const EXAMPLE_TOKEN = '0f3a9c5e7b21-tp0ce8-0';

export const EXAMPLE_PEOPLE = validSamples.slice(0, 2).map(({ value }) => value);

export const snapshotParameter = {
  snapshot: Type.Optional(
    Type.String({
      pattern: TOKEN_PATTERN,
      'x-rule': 'must be a snapshot as the `Link` header of `/records` carries it',
      description:
        'A state of the list, to read all of one walk from. Only taken from a `Link`; without it the list is as it is now.',
    }),
  ),
};

export const varyOf = (value: string) => ({
  Vary: Type.Literal(value, {
    description: 'The request headers that chose this form of the list.',
    examples: [value],
  }),
});

export const listHeaders = {
  'X-Total-Count': Type.Integer({
    minimum: 0,
    description: 'Records in the whole list, or of it that pass the filter.',
    examples: [1000],
  }),
  ...lastModifiedSchema,
  ...freshnessHeaderSchemas,
};

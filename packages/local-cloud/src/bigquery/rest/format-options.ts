import type { FormatOptions } from '../cells.ts';
import type { Query } from './method.ts';
import { BOOLEAN, message, oneOf } from './types.ts';

const TIMESTAMP_FORMATS = [
  'TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED',
  'FLOAT64',
  'INT64',
  'ISO8601_STRING',
] as const;

export const FORMAT_OPTIONS = message<FormatOptions>('DataFormatOptions', () => ({
  useInt64Timestamp: BOOLEAN,
  timestampOutputFormat: oneOf(...TIMESTAMP_FORMATS),
}));

/** The same options in the query of a method without a body. */
export const FORMAT = {
  'formatOptions.useInt64Timestamp': BOOLEAN,
  'formatOptions.timestampOutputFormat': oneOf(...TIMESTAMP_FORMATS),
};

export function formatOptions(query: Query<typeof FORMAT>): FormatOptions {
  return {
    useInt64Timestamp: query['formatOptions.useInt64Timestamp'],
    timestampOutputFormat: query['formatOptions.timestampOutputFormat'],
  };
}

import { DuckDBListValue, DuckDBStructValue, DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api';
import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, scalar, structKey, typeName } from '../types.ts';
import { coerce } from './coercion.ts';
import { resolveExpression } from './resolve-expression.ts';
import type { OptionSetting } from './statements.ts';
import type { Translators } from './translate.ts';

/** An option of a table, view or dataset: its type and the property of the REST API that it sets. */
interface Option {
  readonly type: DataType;
  readonly property: string;
  /** The value in the REST API. */
  stored(value: DuckDBValue): unknown;
}

/** An option whose value DuckDB computes. */
export interface OptionValue extends Option {
  readonly sql: string;
}

const text = (property: string): Option => ({ type: scalar('STRING'), property, stored: String });
const number = (property: string): Option => ({ type: scalar('INT64'), property, stored: String });

const DAY_MS = 24 * 60 * 60 * 1000;

const COMMON: Readonly<Record<string, Option>> = {
  description: text('description'),
  friendly_name: text('friendlyName'),
  labels: {
    type: {
      kind: 'ARRAY',
      element: {
        kind: 'STRUCT',
        fields: ['', ''].map((name) => ({ name, type: scalar('STRING') })),
      },
    },
    property: 'labels',
    stored: (value) =>
      Object.fromEntries(
        (value instanceof DuckDBListValue ? value.items : []).flatMap((item) =>
          item instanceof DuckDBStructValue
            ? [[String(item.entries[structKey(0)]), String(item.entries[structKey(1)])]]
            : [],
        ),
      ),
  },
};

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#table_option_list */
export const TABLE_OPTIONS: Readonly<Record<string, Option>> = {
  ...COMMON,
  expiration_timestamp: {
    type: scalar('TIMESTAMP'),
    property: 'expirationTime',
    stored: (value) => (value instanceof DuckDBTimestampValue ? String(value.micros / 1000n) : null),
  },
};

export const FUNCTION_OPTIONS: Readonly<Record<string, Option>> = { description: text('description') };

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#schema_option_list */
export const SCHEMA_OPTIONS: Readonly<Record<string, Option>> = {
  ...COMMON,
  location: text('location'),
  max_time_travel_hours: number('maxTimeTravelHours'),
  storage_billing_model: text('storageBillingModel'),
  default_table_expiration_days: {
    type: scalar('FLOAT64'),
    property: 'defaultTableExpirationMs',
    stored: (value) => String(Math.round(Number(value) * DAY_MS)),
  },
};

/** Resolves the options of a statement. Throws for an option that is not in the table. */
export function resolveOptions(
  settings: readonly OptionSetting[],
  options: Readonly<Record<string, Option>>,
  { queries, bindings }: Translators,
): OptionValue[] {
  const context = queries.expressionContext(queries.root, 'OPTIONS');
  const seen = new Set<string>();
  return settings.map(({ name, value }) => {
    const key = name.text.toLowerCase();
    const option = Object.hasOwn(options, key) ? options[key] : undefined;
    if (!option) throw unsupported(`Option ${name.text}`, name.at);
    if (seen.has(key)) throw invalidQuery(`Duplicate option specified: ${name.text}`, name.at);
    seen.add(key);
    const resolved = resolveExpression(value, context);
    const coerced = coerce(resolved, option.type, bindings);
    if (coerced) return { ...option, sql: coerced.sql };
    throw invalidQuery(
      `Option ${name.text} must be of type ${typeName(option.type)}, but is of type ${typeName(resolved.type)}`,
      value.at,
    );
  });
}

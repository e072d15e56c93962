import { invalidQuery, unsupported } from '../errors.ts';
import type { Expression, FunctionCall } from './ast.ts';

/** PARTITION BY as the REST API has it. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#partition_expression */
export function partitioning(node: Expression): Readonly<Record<string, object>> {
  if (node.node === 'path') return { timePartitioning: { type: 'DAY', field: columnOf(node) } };
  if (node.node !== 'call') throw mistaken(node);
  const [column, how] = node.args;
  if (!column) throw mistaken(node);
  switch (node.name) {
    case 'DATE':
      return { timePartitioning: { type: 'DAY', field: columnOf(column) } };
    case 'DATE_TRUNC':
    case 'DATETIME_TRUNC':
    case 'TIMESTAMP_TRUNC': {
      const type = how?.node === 'path' ? how.parts.map(({ text }) => text.toUpperCase()).join('.') : '';
      return { timePartitioning: { type, field: columnOf(column) } };
    }
    case 'RANGE_BUCKET':
      if (how?.node !== 'call' || how.name !== 'GENERATE_ARRAY') throw mistaken(node);
      return { rangePartitioning: { field: columnOf(column), range: rangeOf(how) } };
  }
  throw mistaken(node);
}

function rangeOf({ args }: FunctionCall) {
  const [start = '', end = '', interval = '1'] = args.map((arg) => {
    if (arg.node === 'literal' && arg.literal.kind === 'INT64') return arg.literal.text;
    throw mistaken(arg);
  });
  return { start, end, interval };
}

function columnOf(node: Expression): string {
  const name = node.node === 'path' && node.parts.length === 1 ? node.parts[0]?.text : undefined;
  if (name === undefined) throw mistaken(node);
  if (/^_PARTITION(TIME|DATE)$/i.test(name)) throw unsupported('Partitioning by ingestion time', node.at);
  return name;
}

function mistaken({ at }: Expression) {
  return invalidQuery(
    'PARTITION BY expression must be a DATE column, DATE(<column>), DATE_TRUNC, DATETIME_TRUNC or TIMESTAMP_TRUNC of a column, or RANGE_BUCKET(<int64_column>, GENERATE_ARRAY(<int64_value>, <int64_value>[, <int64_value>]))',
    at,
  );
}

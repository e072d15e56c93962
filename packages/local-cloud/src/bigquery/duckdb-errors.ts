import { CloudError } from '../errors.ts';
import { invalidQuery, unsupported } from './errors.ts';
import { ROWID_COLUMN } from './names.ts';
import { FAILURE_MARK, FAULT_MARK } from './sql/let.ts';

/** DuckDB's messages about bad queries, each with BigQuery's error. */
const MESSAGES: readonly (readonly [RegExp, (match: RegExpExecArray) => CloudError])[] = [
  [new RegExp(`^Invalid Input Error: ${FAILURE_MARK}(.*)`, 's'), ([, text]) => invalidQuery(text ?? '')],
  [
    /^Out of Range Error: Overflow in \w+ of INT64 \((.*)\)/,
    ([, sum]) => invalidQuery(`int64 overflow: ${sum}`),
  ],
  [
    /^Invalid Input Error: More than one row returned by a subquery/,
    () => invalidQuery('Scalar subquery produced more than one element'),
  ],
  [
    /^Constraint Error: NOT NULL constraint failed: \w+\.(.*)$/m,
    ([, column]) =>
      invalidQuery(`Required field ${column === ROWID_COLUMN ? 'rowid' : column} cannot be null`),
  ],
  [/^Catalog Error: Table with name \w+ does not exist/, () => deleted()],
  [/^Out of Memory Error/, () => resourcesExceeded()],
  [/^INTERRUPT Error/, () => stopped()],
  [/^(?:Out of Range|Conversion) Error/, () => invalidQuery('A value is out of the range of its type')],
  [/^Invalid Input Error: (.*)/, ([, text]) => invalidQuery(`Invalid input: ${text}`)],
  [
    /^Not implemented Error: Cannot perform non-inner join on subquery/,
    () => unsupported('A subquery in ON of an outer join'),
  ],
  // A fault of the translation, or a limit of DuckDB.
  [/^(?:Binder|Parser|Not implemented) Error/, () => unsupported('This query')],
];

/** Maps an error of DuckDB to BigQuery's error; returns an unknown error unchanged. */
export function queryError(error: unknown): unknown {
  // Not instanceof: under jest, DuckDB's errors come from another realm.
  if (!Error.isError(error) || error instanceof CloudError) return error;
  if (error.message.startsWith(`Invalid Input Error: ${FAULT_MARK}`)) return error;
  for (const [pattern, make] of MESSAGES) {
    const match = pattern.exec(error.message);
    if (!match) continue;
    const { code, message, reason } = make(match);
    return new CloudError(code, message, { cause: error, ...(reason && { reason }) });
  }
  return error;
}

function deleted(): CloudError {
  return new CloudError(
    'NOT_FOUND',
    'Not found: A table of the query was deleted before the query could read it',
  );
}

function resourcesExceeded(): CloudError {
  return new CloudError(
    'INVALID_ARGUMENT',
    'Resources exceeded during query execution: The query could not be executed in the allotted memory.',
    { reason: 'resourcesExceeded' },
  );
}

export function stopped(): CloudError {
  return new CloudError('CANCELLED', 'Job execution was cancelled: User requested cancellation', {
    reason: 'stopped',
  });
}

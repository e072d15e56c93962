import { reasonOf, UserError } from '@records/cli';

/** What to do about a refusal, by what Google says. */
const HINTS: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/exceeded limit for bytes billed/, 'read fewer columns, or allow more by --max-gib'],
  [
    /custom quota for QueryUsagePerUserPerDay/,
    'the setting queryGibPerAccountPerDay of the stack limits each account; it starts again at midnight, Pacific time',
  ],
];

/** Google's refusal of a query, with the place in it. Other errors stay as they are. */
export function refusalOf(error: unknown, query: string): unknown {
  if (error instanceof UserError || !(error instanceof Error) || !('errors' in error || 'code' in error))
    return error;
  const message = reasonOf(error);
  const [, hint] = HINTS.find(([pattern]) => pattern.test(message)) ?? [];
  return new UserError(`${message}${placeOf(message, query)}`, { hint, cause: error });
}

/** The line that Google names as `at [2:8]`, and a mark below the column; nothing where it names none. */
function placeOf(message: string, query: string): string {
  const [, line, column] = /at \[(\d+):(\d+)\]/.exec(message) ?? [];
  const text = query.split(/\r\n|\r|\n/)[Number(line) - 1];
  if (text === undefined) return '';
  const before = [...text].slice(0, Number(column) - 1).join('');
  // A tab keeps its width.
  return `\n  ${text}\n  ${before.replaceAll(/[^\t]/gu, ' ')}^`;
}

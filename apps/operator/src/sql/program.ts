import { integer, Option, program } from '@records/cli';
import { stackFileOption, targetOption } from '@records/stack';

const MAX_ROWS = 100_000;
const MAX_GIB = 100_000;

export const sql = program('sql', {
  summary: 'run a query',
  description:
    "Runs GoogleSQL on a stack's BigQuery. Prints the rows, and to standard error the bytes billed and what Google charges for them.",
  example: "pnpm sql 'SELECT pais, COUNT(*) AS records FROM records_analytics.records GROUP BY pais'",
  more: 'Read a query from a file: pnpm --silent sql - --csv < query.sql > rows.csv',
  exitCodes: 'Exit codes: 0 done, 1 the query was refused or failed, 2 wrong options.',
})
  .argument('<query>', 'GoogleSQL; "-" reads it from standard input')
  .addOption(targetOption())
  .addOption(stackFileOption())
  .option('--as-analyst', 'ask the local stack as an analyst, who may read the views only')
  .option('--dry-run', 'check the query and print what it would cost')
  .option('--limit <n>', `rows to print, 1 to ${MAX_ROWS}`, integer(1, MAX_ROWS), 100)
  .option('--max-gib <n>', `refuse a query that is billed more GiB, 1 to ${MAX_GIB}`, integer(1, MAX_GIB), 10)
  .addOption(new Option('--csv', 'print CSV').conflicts('json'))
  .option('--json', 'print JSON')
  .action(async (query, options) => {
    // Google's clients take half a second to load.
    const { runQuery } = await import('./run.ts');
    await runQuery(query, options);
  });

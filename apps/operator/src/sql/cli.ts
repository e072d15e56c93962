import { main } from '@records/cli';
import { sql } from './program.ts';

// A query may begin with a comment, which is no option: a space tells them apart.
await main(
  sql,
  process.argv.slice(2).map((argument) => argument.replace(/^--(?=\s)/, ' --')),
);

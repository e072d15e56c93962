import { start } from '@records/cli/start';

// A query may begin with a comment, which is no option: a space tells them apart.
await start(
  async () => (await import('./program.ts')).sql,
  process.argv.slice(2).map((argument) => argument.replace(/^--(?=\s)/, ' --')),
);

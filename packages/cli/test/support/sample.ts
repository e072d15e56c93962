import { integer, main, program, UserError, verb } from '@records/cli';

const sample = program('sample', { summary: 'Shows what commands share', example: 'pnpm sample greet Ana' });
verb(sample, 'greet', { summary: 'greet somebody', example: 'pnpm sample greet Ana --times 2' })
  .argument('<name>')
  .option('--times <n>', 'how often, 1 to 1000000', integer(1, 1_000_000), 1)
  .action((name, { times }) => {
    for (let time = 0; time < times; time++) process.stdout.write(`Hello, ${name}\n`);
  });
verb(sample, 'say', { summary: 'greet by the console', example: 'pnpm sample say Ana' })
  .argument('<name>')
  .option('--to <names...>', 'people who hear it')
  .action((name) => console.log(name));
verb(sample, 'refuse', { summary: 'fail with a hint', example: 'pnpm sample refuse' }).action(() => {
  throw new UserError('the table is gone', { hint: 'make it again: pnpm ops apply -s dev' });
});
verb(sample, 'break', { summary: 'fail by a fault of the program', example: 'pnpm sample break' }).action(
  () => {
    throw new TypeError('a fault');
  },
);
verb(sample, 'miss', { summary: 'fail with an error of Node', example: 'pnpm sample miss' }).action(
  async () => {
    await (await import('node:fs/promises')).readFile('no-such-file');
  },
);

await main(sample);

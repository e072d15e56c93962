import { SeederError } from '@records/seeder/target';
import { CommanderError } from 'commander';
import { parseArguments } from './command.ts';

const EXIT = { failed: 1, usage: 2 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const request = parseArguments(args);
    // Google's clients take half a second to load, which a wrong option need not wait for.
    const { run } = await import('./run.ts');
    return await run(request);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
    if (error instanceof SeederError) {
      console.error(`error: ${error.message}`);
      if (error.wayOut !== undefined) console.error(`       ${error.wayOut}`);
      return EXIT.failed;
    }
    // A call to Google that failed: its message says which grant or resource is missing.
    if (error instanceof Error && 'code' in error) {
      console.error(`error: ${error.message}`);
      return EXIT.failed;
    }
    throw error;
  }
}

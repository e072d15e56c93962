import { SeederError } from '@records/seeder/target';
import { CommanderError } from 'commander';

const EXIT = { failed: 1, usage: 2 } as const;

/** Parses the arguments and does what they ask for; answers the exit code. */
export async function main<Request>(
  parse: (args: readonly string[]) => Request,
  run: (request: Request) => Promise<number>,
): Promise<number> {
  try {
    return await run(parse(process.argv.slice(2)));
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

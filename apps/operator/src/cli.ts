import { parseArguments } from './command.ts';
import { main } from './main.ts';

// Google's clients take half a second to load, which a wrong option need not wait for.
process.exitCode = await main(parseArguments, async (request) => (await import('./run.ts')).run(request));

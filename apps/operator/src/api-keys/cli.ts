import { main } from '../main.ts';
import { parseArguments } from './command.ts';

// Google's client takes a while to load, which a wrong option need not wait for.
process.exitCode = await main(parseArguments, async (request) => (await import('./run.ts')).run(request));

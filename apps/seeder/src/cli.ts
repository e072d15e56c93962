import { main } from '@records/cli';
import { seed } from './program.ts';

await main(seed);
// Publish calls that were not waited for must not keep the process alive.
setTimeout(() => process.exit(), 1_000).unref();

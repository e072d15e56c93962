import { start } from '@records/cli/start';

await start(async () => (await import('./program.ts')).seed);
// Publish calls that were not waited for must not keep the process alive.
setTimeout(() => process.exit(), 1_000).unref();

import { start } from '@records/cli/start';

await start(async () => (await import('./program.ts')).ops);

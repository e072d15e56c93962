import { start } from '@records/cli/start';
import { inTemporaryFolder } from './shared/temporary-folder.ts';

await inTemporaryFolder(() => start(async () => (await import('./program.ts')).prove));

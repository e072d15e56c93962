import { main } from '@records/cli';
import { ops } from './program.ts';

await main(ops);

import { main } from '@records/cli';
import { prove } from './program.ts';

await main(prove);

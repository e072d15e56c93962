import { main } from '@records/cli';
import { sql } from './program.ts';

await main(sql);

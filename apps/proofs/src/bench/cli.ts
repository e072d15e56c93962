import { main } from '@records/cli';
import { bench } from './program.ts';

await main(bench);

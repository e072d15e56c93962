import { main } from '@records/cli';
import { dev } from './program.ts';

await main(dev);

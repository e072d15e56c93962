import { main } from '@records/cli';
import { delivery } from './program.ts';

await main(delivery);

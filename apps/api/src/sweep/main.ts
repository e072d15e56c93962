import { configOrExit, Google } from '@records/runtime';
import { readSweepConfig } from './config.ts';
import { sweep } from './sweep.ts';

const line = await sweep(configOrExit(readSweepConfig), new Google());
console.log(JSON.stringify(line));
process.exitCode = line.severity === 'ERROR' ? 1 : 0;

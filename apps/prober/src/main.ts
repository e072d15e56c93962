import { configOrExit } from '@records/runtime';
import { readProbeConfig } from './config.ts';
import { runProbeJob } from './job.ts';

process.exitCode = await runProbeJob(configOrExit(readProbeConfig));

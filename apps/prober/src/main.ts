import { setTimeout } from 'node:timers/promises';
import { configOrExit } from '../environment.ts';
import { createLogger } from '../logger.ts';
import { readProbeConfig } from './config.ts';
import { Google } from './google.ts';
import { lineOf } from './line.ts';
import { probe } from './probe.ts';
import { Spans } from './spans.ts';

/** The objective of freshness calls a message late after two minutes. */
const WAITS = {
  waitMs: 120_000,
  pauseMs: 1_000,
  now: () => performance.timeOrigin + performance.now(),
  pause: (ms: number) => setTimeout(ms),
};

const config = configOrExit(readProbeConfig);
const otlp = await openOtlp();
const result = await probe({
  config,
  google: new Google(process.env),
  spans: new Spans(otlp?.tracer),
  waits: WAITS,
});
const { level, fields, message } = lineOf(result, config.project);
createLogger({ logLevel: 'info' })[level](fields, message);
process.exitCode = result.outcome === 'passed' ? 0 : 1;
await otlp?.close();

async function openOtlp() {
  const { otlpEndpoint: endpoint, job: service } = config;
  if (endpoint === undefined) return undefined;
  const { createOtlp } = await import('@records/telemetry/otlp');
  return createOtlp({ service, endpoint });
}

import { setTimeout } from 'node:timers/promises';
import { Google } from '@records/runtime';
import type { ProbeConfig } from './config.ts';
import { lineOf } from './line.ts';
import { probe } from './probe.ts';
import { Spans } from './spans.ts';

/** The objective of freshness counts a message as late after two minutes. */
const WAITS = {
  waitMs: 120_000,
  pauseMs: 1_000,
  now: () => performance.timeOrigin + performance.now(),
  pause: (ms: number) => setTimeout(ms),
};

/** Runs one probe and prints its line. Answers the exit code. */
export async function runProbeJob(config: ProbeConfig): Promise<number> {
  const otlp = await openOtlp(config);
  const result = await probe({ config, google: new Google(), spans: new Spans(otlp?.tracer), waits: WAITS });
  console.log(JSON.stringify(lineOf(result, config.project)));
  await otlp?.close();
  return result.outcome === 'passed' ? 0 : 1;
}

async function openOtlp({ otlpEndpoint: endpoint, job: service }: ProbeConfig) {
  if (endpoint === undefined) return undefined;
  const { createOtlp } = await import('@records/telemetry/otlp');
  return createOtlp({ service, endpoint });
}

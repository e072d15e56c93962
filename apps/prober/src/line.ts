import type { ProbeResult } from './probe.ts';

/** The one line of a run, which the log-based metric counts. */
export function lineOf(result: ProbeResult, project: string) {
  const { traceId, reason, ...probe } = result;
  const trace = traceId !== undefined && {
    'logging.googleapis.com/trace': `projects/${project}/traces/${traceId}`,
  };
  const total = Object.values(probe.seconds).reduce((sum, seconds) => sum + seconds, 0);
  if (probe.outcome === 'passed') {
    const message = `probe passed in ${total.toFixed(1)} s`;
    return { level: 'info', fields: { probe, ...trace }, message } as const;
  }
  return {
    level: 'error',
    fields: { probe, ...trace },
    message: `probe failed at ${probe.stage}: ${reason}`,
  } as const;
}

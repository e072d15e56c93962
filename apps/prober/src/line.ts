import type { ProbeResult } from './probe.ts';

/**
 * The one line of a run for Cloud Logging, which the log-based metric counts.
 * https://docs.cloud.google.com/logging/docs/structured-logging
 */
export function lineOf({ traceId, reason, ...probe }: ProbeResult, project: string) {
  const total = Object.values(probe.seconds).reduce((sum, seconds) => sum + seconds, 0);
  const passed = probe.outcome === 'passed';
  return {
    severity: passed ? 'INFO' : 'ERROR',
    time: new Date().toISOString(),
    probe,
    ...(traceId !== undefined && {
      'logging.googleapis.com/trace': `projects/${project}/traces/${traceId}`,
    }),
    message: passed ? `probe passed in ${total.toFixed(1)} s` : `probe failed at ${probe.stage}: ${reason}`,
  };
}

import { UserError } from '@records/cli';

/** Traced messages of a run, on average; all of a run that has no more. */
const TRACED_MESSAGES = 100;

/**
 * Makes Google's Pub/Sub client put a trace into each message, and sends the sampled spans to an OTLP/HTTP receiver.
 * Throws UserError for an endpoint that is no URL.
 */
export async function openTraces(endpoint: string, count: number): Promise<{ close(): Promise<void> }> {
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw new UserError(`OTEL_EXPORTER_OTLP_ENDPOINT is "${endpoint}", which is not a URL`, {
      hint: 'set it to a URL such as http://localhost:4318, or unset it for no traces',
    });
  }
  const { createOtlp } = await import('@records/telemetry/otlp');
  const fraction = Math.min(1, TRACED_MESSAGES / count);
  return createOtlp({ service: 'records-seeder', endpoint, fraction, forLibraries: true });
}

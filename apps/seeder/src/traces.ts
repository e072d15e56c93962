import { SeederError } from './errors.ts';

/** Messages of one run whose way is traced, on average; all of a run that has no more. */
export const TRACED_MESSAGES = 100;

/**
 * Has Google's Pub/Sub client make a span for each message, put the trace into it as an attribute, and send to an OTLP/HTTP
 * receiver those that are sampled. Throws SeederError for an address that can not be one.
 */
export async function openTraces(endpoint: string, count: number): Promise<{ close(): Promise<void> }> {
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw new SeederError(`OTEL_EXPORTER_OTLP_ENDPOINT is "${endpoint}", which is no address of a receiver`, {
      wayOut: 'set it to a URL such as http://localhost:4318, or unset it for no traces',
    });
  }
  const { createOtlp } = await import('@records/telemetry/otlp');
  const fraction = Math.min(1, TRACED_MESSAGES / count);
  return createOtlp({ service: 'records-seeder', endpoint, fraction, forLibraries: true });
}

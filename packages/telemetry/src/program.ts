/** The program that emits spans and metrics. */
export interface Program {
  readonly service: string;
  /** Of Cloud Run; undefined elsewhere. */
  readonly revision?: string | undefined;
}

/** https://opentelemetry.io/docs/specs/semconv/resource/#service */
export function resourceAttributes({ service, revision }: Program): Record<string, string> {
  return { 'service.name': service, ...(revision !== undefined && { 'service.version': revision }) };
}

/** The current value of one series. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  /** Cloud Monitoring's name: `pubsub.googleapis.com/subscription/ack_message_count`. */
  readonly type: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The metrics in Prometheus's text format. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics.map(linesOf).join('');
}

/** Google's mapping of metric names to PromQL. https://docs.cloud.google.com/monitoring/promql/promql-mapping */
export function prometheusName(type: string): string {
  return type.replace('/', ':').replace(/[^a-zA-Z0-9:]/g, '_');
}

function linesOf({ type, kind, help, samples }: Metric): string {
  const name = prometheusName(type);
  const lines = samples.map(({ labels, value }) => `${name}{${labelsText(labels)}} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
}

function labelsText(labels: Sample['labels']): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escaped)}"`)
    .join(',');
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}

import { styleText } from 'node:util';
import type { CloudEvent } from '@records/local-cloud';
import type { StackDescription, StackOutputs } from '@records/stack';

const SEVERITY_STYLES = { debug: 'gray', info: 'white', warning: 'yellow', error: 'red' } as const;

/** Severities of Cloud Logging that are shown in other words here. */
const LOUD: Readonly<Record<string, 'warning' | 'error'>> = {
  WARNING: 'warning',
  ERROR: 'error',
  CRITICAL: 'error',
  ALERT: 'error',
  EMERGENCY: 'error',
};

/**
 * What a person sees of `pnpm dev`. The result goes to standard output, everything on the way to standard error, so
 * `--json` can be piped.
 */
export class Console {
  readonly #json: boolean;
  readonly #write: (text: string) => void;

  /** `write` gets what is on the way; standard error by default. */
  constructor(json: boolean, write: (text: string) => void = (text) => process.stderr.write(text)) {
    this.#json = json;
    this.#write = write;
  }

  note(text: string): void {
    this.#write(`${text}\n`);
  }

  problem(title: string, error: unknown): void {
    this.note(`${styleText('red', `✗ ${title}`)}\n${indent(messageOf(error))}`);
  }

  event(event: CloudEvent): void {
    switch (event.type) {
      case 'step': {
        const { operation, type, name, changed } = event.step;
        if (operation === 'same') return;
        const details = changed.length > 0 ? styleText('gray', `  ${changed.join(', ')}`) : '';
        this.note(`  ${operation.padEnd(7)} ${shortType(type).padEnd(34)} ${name}${details}`);
        return;
      }
      case 'container':
        if (event.state === 'crashed' || event.state === 'unhealthy') {
          this.note(styleText('red', `  ${event.service} ${event.state}: ${event.message}`));
        }
        return;
      case 'log':
        // What makes a Pulumi program fail is in the error of its deployment, without the stack trace.
        if (event.source === 'pulumi' && event.severity === 'error') return;
        this.#log(event.source, event.severity, event.message);
    }
  }

  /** The table, when everything is up. */
  ready(description: StackDescription, seconds: number): void {
    if (this.#json) {
      process.stdout.write(`${JSON.stringify(description)}\n`);
      return;
    }
    const outputs = description.outputs as unknown as StackOutputs;
    const { PUBSUB_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST } = description.environment;
    const rows = {
      API: outputs.apiUrl,
      Docs: `${outputs.apiUrl}/docs`,
      Topic: outputs.topic,
      Table: outputs.table,
      'Pub/Sub': `PUBSUB_EMULATOR_HOST=${PUBSUB_EMULATOR_HOST}`,
      BigQuery: `BIGQUERY_EMULATOR_HOST=${BIGQUERY_EMULATOR_HOST}`,
      Metrics: Object.values(description.metrics).join(' '),
      Query: `curl '${outputs.apiUrl}/records?limit=3'`,
      Seed: 'pnpm seed --count 10000',
    };
    const lines = Object.entries(rows).map(
      ([label, value]) => `  ${styleText('bold', label.padEnd(10))}${value}`,
    );
    process.stdout.write(
      `\n${styleText('green', '✓')} ready in ${seconds.toFixed(1)} s; Ctrl-C stops everything\n\n${lines.join('\n')}\n\n`,
    );
  }

  /** Lines of the API are JSON in Cloud Logging's shape: shown as severity and message, when they are worth it. */
  #log(source: string, severity: keyof typeof SEVERITY_STYLES, line: string): void {
    const entry = parseEntry(line);
    const shown = entry ? (LOUD[entry.severity] ?? 'debug') : severity;
    if (shown === 'debug') return;
    this.note(
      `  ${styleText('gray', `${source} │`)} ${styleText(SEVERITY_STYLES[shown], entry?.message ?? line)}`,
    );
  }
}

function parseEntry(line: string): { severity: string; message: string } | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { severity, message } = JSON.parse(line) as Record<string, unknown>;
    return typeof severity === 'string' && typeof message === 'string' ? { severity, message } : undefined;
  } catch {
    return undefined; // A line that only looks like JSON is shown as it is.
  }
}

/** `gcp:pubsub/topic:Topic` → `pubsub.Topic` */
function shortType(type: string): string {
  const [, module = '', name = type] = type.split(':');
  return `${module.split('/')[0]}.${name}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

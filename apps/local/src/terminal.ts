import { join, relative } from 'node:path';
import { asTyped, colour, reasonOf } from '@records/cli';
import type { CloudEvent, PropertyChange } from '@records/local-cloud';
import { LOCAL_FOLDER, STACK_FILE_NAME, type StackDescription, type StackOutputs } from '@records/stack';
import { LOUD, type LoggedError, linesOf, parseEntry } from './log-entry.ts';
import { readable } from './readable-error.ts';
import { shortType } from './short-type.ts';

const SEVERITY_STYLES = { debug: 'gray', info: 'white', warning: 'yellow', error: 'red' } as const;

/** Errors that are remembered, so that each is shown once; and lines of a service that starts. */
const MAX_SHOWN = 100;

/** What `pnpm dev` prints: its result to standard output and its progress to standard error, so `--json` can be piped. */
export class Terminal {
  readonly #json: boolean;
  readonly #write: (text: string) => void;
  readonly #shown = new Set<string>();
  /** Lines of services that are not ready yet. */
  readonly #starting = new Map<string, (() => void)[]>();

  /** `write` receives the progress. */
  constructor(json: boolean, write: (text: string) => void = (text) => process.stderr.write(text)) {
    this.#json = json;
    this.#write = write;
  }

  note(text: string): void {
    this.#write(`${asTyped(text)}\n`);
  }

  problem(title: string, error: unknown): void {
    this.note(`${colour('red', `✗ ${title}`)}\n${indent(readable(reasonOf(error)))}`);
  }

  event(event: CloudEvent): void {
    switch (event.type) {
      case 'step': {
        const { operation, type, name, changes } = event.step;
        if (operation === 'same') return;
        this.note(`  ${operation.padEnd(7)} ${shortType(type).padEnd(34)} ${name}`);
        for (const change of changes) this.note(colour('gray', `          ${changeText(change)}`));
        return;
      }
      case 'container':
        if (event.state === 'starting') this.#starting.delete(event.service);
        if (event.state === 'ready') this.#flush(event.service);
        if (event.state === 'crashed' || event.state === 'unhealthy') {
          this.note(colour('red', `  ${event.service} ${event.state}: ${event.message}`));
        }
        return;
      case 'log':
        // The deployment's error has the same reason, without the stack trace.
        if (event.source === 'pulumi' && event.severity === 'error') return;
        if (event.isStarting) this.#hold(event.source, event.severity, event.message);
        else this.#log(event.source, event.severity, event.message);
    }
  }

  /** The error of a start that fails has its last lines, so they are shown here only when it succeeds. */
  #hold(source: string, severity: keyof typeof SEVERITY_STYLES, message: string): void {
    const held = this.#starting.get(source) ?? [];
    this.#starting.set(source, held);
    held.push(() => this.#log(source, severity, message));
    if (held.length > MAX_SHOWN) held.shift();
  }

  #flush(source: string): void {
    for (const show of this.#starting.get(source) ?? []) show();
    this.#starting.delete(source);
  }

  /** Prints the addresses once everything runs. */
  ready(
    description: StackDescription,
    seconds: number,
    { page, folder, log }: { readonly page: string; readonly folder: string; readonly log: string },
  ): void {
    if (this.#json) {
      process.stdout.write(`${JSON.stringify(description)}\n`);
      return;
    }
    const outputs = description.outputs as unknown as StackOutputs;
    const { PUBSUB_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST } = description.environment;
    const rows = {
      Console: process.stdin.isTTY ? `${page} (o and Enter opens it)` : page,
      API: outputs.apiUrl,
      Docs: `${outputs.apiUrl}/docs`,
      Topic: outputs.topic,
      Table: outputs.table,
      'Pub/Sub': `PUBSUB_EMULATOR_HOST=${PUBSUB_EMULATOR_HOST}`,
      BigQuery: `BIGQUERY_EMULATOR_HOST=${BIGQUERY_EMULATOR_HOST}`,
      Metrics: Object.values(description.metrics).join(' '),
      Log: shortPath(log),
      Query: `curl '${outputs.apiUrl}/records?limit=3'`,
      Seed: asTyped(`pnpm seed${stackFileOf(folder)} --count 10000`),
    };
    const lines = Object.entries(rows).map(
      ([label, value]) => `  ${colour('bold', label.padEnd(10), process.stdout)}${value}`,
    );
    process.stdout.write(
      `\n${colour('green', '✓', process.stdout)} ready in ${seconds.toFixed(1)} s; Ctrl-C stops everything\n\n${lines.join('\n')}\n\n`,
    );
  }

  /** Lines of the API are JSON in Cloud Logging's format; only warnings and errors are shown. */
  #log(source: string, severity: keyof typeof SEVERITY_STYLES, line: string): void {
    const entry = parseEntry(line);
    const shown = entry ? (LOUD[entry.severity] ?? 'debug') : severity;
    if (shown === 'debug') return;
    const request =
      entry?.requestId && shown === 'error' ? colour('gray', `  request ${entry.requestId}`) : '';
    this.note(
      `  ${colour('gray', `${source} │`)} ${colour(SEVERITY_STYLES[shown], entry?.message ?? line)}${request}`,
    );
    if (entry?.error && shown === 'error') this.#error(entry.error);
  }

  /** Prints an error and where it arose, once. A repetition has only the line of its request. */
  #error(error: LoggedError): void {
    const text = linesOf(error).join('\n');
    if (this.#shown.has(text)) return;
    if (this.#shown.size === MAX_SHOWN) this.#shown.clear();
    this.#shown.add(text);
    this.note(colour('red', text.replaceAll(/^/gm, '      ')));
  }
}

/** `ackDeadlineSeconds: 60 → 90` */
export function changeText({ path, old = 'absent', new: next = 'removed' }: PropertyChange): string {
  return `${path}: ${old} → ${next}`;
}

/** As the option of other commands, for a stack that they do not find by themselves. */
function stackFileOf(folder: string): string {
  return folder === LOCAL_FOLDER ? '' : ` --stack-file ${shortPath(join(folder, STACK_FILE_NAME))}`;
}

/** From the working directory, as a person would type it. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.length < path.length ? short : path;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

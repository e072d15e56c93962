import { styleText } from 'node:util';
import type { StackOutputs } from './local-stack.ts';

/** The table that `pnpm dev` prints when everything is up. */
export function readyTable(outputs: StackOutputs, environment: Readonly<Record<string, string>>): string {
  const rows: [string, string][] = [
    ['API', `${outputs.apiUrl}/records?limit=3`],
    ['Docs', `${outputs.apiUrl}/docs`],
    ['Topic', outputs.topic],
    ['Table', outputs.table],
    ['Pub/Sub', `PUBSUB_EMULATOR_HOST=${environment.PUBSUB_EMULATOR_HOST}`],
    ['BigQuery', `BIGQUERY_EMULATOR_HOST=${environment.BIGQUERY_EMULATOR_HOST}`],
    ['Seed', 'pnpm seed --count 10000'],
    ['Query', `curl '${outputs.apiUrl}/records?limit=3'`],
    ['Stop', 'Ctrl-C'],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `  ${styleText('bold', label.padEnd(width))}  ${value}`).join('\n');
}

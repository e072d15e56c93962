import { parseArgs } from 'node:util';
import type { ChaosOptions } from '@records/local-cloud';
import { CHAOS_SETTINGS, readChaos } from './chaos-option.ts';
import { UsageError } from './usage-error.ts';

/** What `pnpm dev` was asked for. */
export interface DevOptions {
  readonly fresh: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly ports: Ports;
  readonly chaos: ChaosOptions | undefined;
}

/** Ports to listen on; 0 picks a free one. */
export interface Ports {
  readonly api: number;
  readonly pubsub: number;
  readonly bigquery: number;
}

/** The variable that moves each port, and where it is by default. */
export const PORT_VARIABLES = {
  api: { variable: 'API_PORT', port: 8080 },
  pubsub: { variable: 'PUBSUB_PORT', port: 8085 },
  bigquery: { variable: 'BIGQUERY_PORT', port: 9050 },
} as const;

export const USAGE = `Usage: pnpm dev [options]

Runs the whole system on this machine: a local cloud, the Pulumi program of infra/, and the API.
Saving a file of infra/ or of the API applies it. Ctrl-C stops everything.

Options:
  --fresh   start empty: forget the records, messages and resources of earlier runs
  --json    print addresses, stack outputs and environment as one line of JSON
  --chaos redeliver=0.05,reorder=0.1,seed=7
            deliver as badly as Pub/Sub may, with these probabilities from 0 to 1:
${Object.entries(CHAOS_SETTINGS)
  .map(([name, { effect }]) => `              ${name.padEnd(12)} ${effect}`)
  .join('\n')}
  --help    print this

Environment:
${Object.values(PORT_VARIABLES)
  .map(({ variable, port }) => `  ${variable.padEnd(14)} default ${port}; 0 picks a free port`)
  .join('\n')}
`;

/** Throws UsageError, with every bad port in one message. */
export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): DevOptions {
  const { fresh, json, help, chaos } = readFlags(args);
  const faults = chaos === undefined ? undefined : readChaos(chaos);
  return { fresh, json, help, chaos: faults, ports: readPorts(environment) };
}

function readFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        fresh: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        chaos: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`, { cause: error });
  }
}

function readPorts(environment: NodeJS.ProcessEnv): Ports {
  const mistakes: string[] = [];
  const read = ({ variable, port }: { variable: string; port: number }): number => {
    const text = environment[variable];
    if (text === undefined || text === '') return port;
    if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
    mistakes.push(`${variable} is ${JSON.stringify(text)}: it must be a port from 0 (a free one) to 65535`);
    return port;
  };
  const ports = {
    api: read(PORT_VARIABLES.api),
    pubsub: read(PORT_VARIABLES.pubsub),
    bigquery: read(PORT_VARIABLES.bigquery),
  };
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return ports;
}

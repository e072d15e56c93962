import { SeederError } from '../errors.ts';
import { quotedTable } from '../table.ts';

/** The account that a local stack knows its publishers by. */
export interface Publisher {
  /** `serviceAccount:…` */
  readonly member: string;
  /** `host:port` of the metadata server that issues its access tokens. */
  readonly metadataHost: string;
}

/** Where records are published, and where they must appear. */
export interface Target {
  /** Project that runs the queries, and whose quota the calls count against. */
  readonly projectId: string;
  /** `projects/p/topics/t` */
  readonly topic: string;
  /** `project.dataset.table` */
  readonly table: string;
  /** `projects/p/subscriptions/s`: where to look for what the table refused. */
  readonly deadLetterSubscription?: string;
  /** `projects/p/secrets/s`: the list of API keys. */
  readonly apiKeysSecret?: string;
  /** Who publishes to a local cloud: the developer, when absent. At Google the client's own credentials say who. */
  readonly publisher?: Publisher;
  /** The variables that lead the Google clients to a local cloud; empty for Google Cloud. */
  readonly environment: Readonly<Record<string, string>>;
}

const RESOURCE = {
  topic: /^projects\/[^/]+\/topics\/[^/]+$/,
  deadLetterSubscription: /^projects\/[^/]+\/subscriptions\/[^/]+$/,
  apiKeysSecret: /^projects\/[^/]+\/secrets\/[^/]+$/,
};

/** The target in a stack's outputs. Throws SeederError naming the output; `source` says where they are from. */
export function targetOf(outputs: unknown, source: string, environment: Target['environment']): Target {
  const text = (name: string): string => {
    const value = isObject(outputs) ? outputs[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
    throw new SeederError(`${source} has no stack output "${name}", which must be a text`, {
      wayOut: 'deploy the current program of infra/ to that stack',
    });
  };
  const resource = (name: keyof typeof RESOURCE): string => {
    const value = text(name);
    if (RESOURCE[name].test(value)) return value;
    throw new SeederError(`stack output "${name}" of ${source} is not a full resource name: "${value}"`);
  };
  const target: Target = {
    projectId: text('project'),
    topic: resource('topic'),
    table: text('table'),
    deadLetterSubscription: resource('deadLetterSubscription'),
    ...(isObject(outputs) && 'apiKeysSecret' in outputs && { apiKeysSecret: resource('apiKeysSecret') }),
    environment,
  };
  quotedTable(target.table);
  return target;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

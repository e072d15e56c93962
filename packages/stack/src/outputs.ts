import { UserError } from '@records/cli';
import { isObject } from './is-object.ts';

/** The exports of infra/index.ts. */
export interface StackOutputs {
  readonly project: string;
  readonly region: string;
  /** Base URL of the API. */
  readonly apiUrl: string;
  /** `projects/p/topics/t` */
  readonly topic: string;
  /** IAM members that may publish. */
  readonly publishers?: readonly string[];
  /** IAM members that may query the views for analysts. */
  readonly analysts?: readonly string[];
  /** `project.dataset.table` */
  readonly table: string;
  /** `project.dataset.table`: what was corrected or forgotten. Stacks of earlier programs have none. */
  readonly amendments?: string;
  /** `project.dataset`: the lists that the API makes. */
  readonly scratch?: string;
  /** The same of the prober, where the stack has one. */
  readonly probeTopic?: string;
  readonly probeTable?: string;
  /** `projects/p/subscriptions/s`: keeps the messages that the table refused. */
  readonly deadLetterSubscription: string;
  /** `projects/p/secrets/s`: the list of API keys. */
  readonly apiKeysSecret: string;
  /** The newest revision of the API. */
  readonly revision?: string;
  /** By its digest. */
  readonly image?: string;
  /** During a rollout, the revision that takes the rest of the requests; after it, the way back. */
  readonly stableRevision?: string;
  /** Percent of the requests that the newest revision takes, beside the stable one. */
  readonly canaryPercent?: number;
  /** Base URL of the newest revision, while a rollout is under way. */
  readonly canaryUrl?: string;
}

/**
 * Project, dataset and table. Stricter than BigQuery, whose table names may hold spaces and any letters; nothing that
 * passes can end a quoted identifier. https://docs.cloud.google.com/bigquery/docs/tables#table_naming
 */
const TABLE = /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*\.[A-Za-z0-9_]+\.[A-Za-z0-9_-]+$/;

const REQUIRED = {
  project: [/./, 'PROJECT'],
  region: [/./, 'REGION'],
  apiUrl: [/^https?:\/\//, 'https://HOST'],
  topic: [/^projects\/[^/]+\/topics\/[^/]+$/, 'projects/PROJECT/topics/TOPIC'],
  table: [TABLE, 'PROJECT.DATASET.TABLE'],
  deadLetterSubscription: [
    /^projects\/[^/]+\/subscriptions\/[^/]+$/,
    'projects/PROJECT/subscriptions/SUBSCRIPTION',
  ],
  apiKeysSecret: [/^projects\/[^/]+\/secrets\/[^/]+$/, 'projects/PROJECT/secrets/SECRET'],
} as const;

/** Checks the outputs of a stack. Throws UserError naming the output; `source` says where they are from. */
export function checkOutputs(outputs: unknown, source: string): StackOutputs {
  for (const [name, [pattern, form]] of Object.entries(REQUIRED)) {
    const value = isObject(outputs) ? outputs[name] : undefined;
    if (typeof value === 'string' && pattern.test(value)) continue;
    const fault = value === undefined || value === '' ? 'is missing' : `is ${JSON.stringify(value)}`;
    throw new UserError(`stack output "${name}" of ${source} ${fault}; it must read ${form}`, {
      hint: 'deploy the current program of infra/ to that stack',
    });
  }
  return outputs as StackOutputs;
}

/** `project.dataset.table` as an identifier of GoogleSQL. Throws UserError. */
export function quotedTable(table: string): string {
  if (TABLE.test(table)) return `\`${table}\``;
  throw new UserError(`"${table}" is not the name of a table; it must read PROJECT.DATASET.TABLE`);
}

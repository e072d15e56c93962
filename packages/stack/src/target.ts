import type { StackOutputs } from './outputs.ts';

/** A service account of a local stack. */
export interface Account {
  /** `serviceAccount:…` */
  readonly member: string;
  /** `host:port` of the metadata server that issues its access tokens. */
  readonly metadataHost: string;
}

/** The accounts that a local stack lends to commands. At Google the client's own credentials say who calls. */
export interface Accounts {
  /** Publishes in `pnpm seed`: the developer, when absent. */
  readonly publisher?: Account;
  /** Asks in `pnpm sql --as-analyst`. */
  readonly analyst?: Account;
}

/** The resources of a stack, and how Google's clients reach them. */
export interface Target extends Accounts {
  /** Project that runs the queries, and whose quota the calls count against. */
  readonly projectId: string;
  /** `projects/p/topics/t` */
  readonly topic: string;
  /** `project.dataset.table` */
  readonly table: string;
  /** `project.dataset.table`: what was corrected or forgotten. Stacks of earlier programs have none. */
  readonly amendments?: string;
  /** `project.dataset`: the lists that the API makes. */
  readonly scratch?: string;
  /** `projects/p/subscriptions/s`: keeps the messages that the table refused. */
  readonly deadLetterSubscription?: string;
  /** `projects/p/secrets/s`: the list of API keys. */
  readonly apiKeysSecret?: string;
  /** The variables that lead Google's clients to a local cloud; empty for Google Cloud. */
  readonly environment: Readonly<Record<string, string>>;
}

export function targetOf(
  outputs: StackOutputs,
  environment: Target['environment'],
  { publisher, analyst }: Accounts = {},
): Target {
  const { project: projectId, topic, table, amendments, scratch } = outputs;
  const { deadLetterSubscription, apiKeysSecret } = outputs;
  return {
    ...{ projectId, topic, table, deadLetterSubscription, apiKeysSecret, environment },
    ...(amendments !== undefined && { amendments }),
    ...(scratch !== undefined && { scratch }),
    ...(publisher && { publisher }),
    ...(analyst && { analyst }),
  };
}

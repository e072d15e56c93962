import type { StackOutputs } from './outputs.ts';

/** The account that a local stack knows its publishers by. */
export interface Publisher {
  /** `serviceAccount:…` */
  readonly member: string;
  /** `host:port` of the metadata server that issues its access tokens. */
  readonly metadataHost: string;
}

/** The resources of a stack, and how Google's clients reach them. */
export interface Target {
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
  /** Who publishes to a local cloud: the developer, when absent. At Google the client's own credentials say who. */
  readonly publisher?: Publisher;
  /** The variables that lead Google's clients to a local cloud; empty for Google Cloud. */
  readonly environment: Readonly<Record<string, string>>;
}

export function targetOf(
  outputs: StackOutputs,
  environment: Target['environment'],
  publisher?: Publisher,
): Target {
  const { project: projectId, topic, table, amendments, scratch } = outputs;
  const { deadLetterSubscription, apiKeysSecret } = outputs;
  return {
    ...{ projectId, topic, table, deadLetterSubscription, apiKeysSecret, environment },
    ...(amendments !== undefined && { amendments }),
    ...(scratch !== undefined && { scratch }),
    ...(publisher && { publisher }),
  };
}

/** What the programs that stand in for Google Cloud, GitHub, Docker and Pulumi know. Kept in a file between their calls. */
export interface World {
  readonly gcloud: {
    /** Signed in as. */
    account?: string;
    readonly billingAccounts: readonly string[];
    readonly projects: Record<string, Project>;
  };
  readonly gh: {
    account?: string;
    readonly repositories: Record<string, Repository>;
  };
  readonly docker: {
    /** Version of its server; undefined while that is not running. */
    server?: string;
    buildx: boolean;
  };
  /** Stacks by backend, project and name. */
  readonly pulumi: Record<string, Record<string, Record<string, Stack>>>;
}

export interface Project {
  readonly number: string;
  readonly organisation?: string;
  billing?: string;
  services: string[];
  readonly regions: readonly string[];
  /** By constraint, as the API answers them. */
  readonly policies: Record<string, object>;
  readonly repositories: string[];
  readonly buckets: string[];
  readonly bindings: string[];
  deleted?: boolean;
}

export interface Repository {
  readonly id: number;
  readonly ownerId: number;
  readonly private: boolean;
  readonly rules: { readonly type: string }[];
  readonly environments: Record<string, { branches: string[]; hasPolicy: boolean; reviewers: string[] }>;
  readonly variables: Record<string, string>;
}

export interface Stack {
  readonly secretsProvider: string;
  outputs: Record<string, unknown>;
  /** The project that it was deployed to. */
  deployed?: string;
}

export function emptyWorld(): World {
  return {
    gcloud: { billingAccounts: [], projects: {} },
    gh: { repositories: {} },
    docker: { buildx: false },
    pulumi: {},
  };
}

export function emptyProject(number: string): Project {
  return {
    ...{ number, services: [], policies: {}, repositories: [], buckets: [], bindings: [] },
    regions: ['southamerica-west1', 'southamerica-east1', 'us-central1'],
  };
}

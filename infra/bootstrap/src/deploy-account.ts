import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { BootstrapConfig } from './config.ts';
import { FederatedAccount } from './federated-account.ts';
import type { GitHubFederation } from './github-federation.ts';
import type { ImageRegistry } from './image-registry.ts';
import type { PulumiState } from './pulumi-state.ts';

export interface DeployAccountArgs extends Pick<BootstrapConfig, 'project' | 'region' | 'loadBalancer'> {
  readonly state: PulumiState;
  readonly registry: ImageRegistry;
  readonly github: GitHubFederation;
}

const ROLES = {
  'roles/bigquery.dataOwner': 'the datasets, the table and their grants',
  'roles/bigquery.jobUser': 'queries that delete the records of an end-to-end test',
  'roles/cloudscheduler.admin': 'the schedules of jobs',
  // It may change the role, and grant it on datasets only: see GRANTABLE.
  'roles/iam.roleAdmin': 'custom roles',
  'roles/iam.serviceAccountAdmin': 'the accounts of the API, of jobs and of their schedules',
  'roles/iam.serviceAccountUser': 'revisions, jobs and schedules that run as those accounts',
  'roles/logging.configWriter': 'log-based metrics and the exclusion of request lines',
  'roles/monitoring.editor':
    'metrics that decide a rollout, objectives, alert policies, dashboards, uptime checks',
  'roles/pubsub.admin': 'topics, subscriptions, schemas and their grants',
  'roles/run.admin': 'the service, its revisions, jobs and their grants',
  'roles/secretmanager.admin': 'the secret with the list of API keys, and its grants',
  'roles/serviceusage.serviceUsageAdmin':
    "Pub/Sub's own account, which Google creates on request, and the quota of queries",
};

const LOAD_BALANCER_ROLES = {
  'roles/compute.loadBalancerAdmin': 'addresses, proxies, backends',
  'roles/compute.securityAdmin': 'Cloud Armor and certificates',
};

/** The only roles on the project that a stack grants. */
const GRANTABLE = ['roles/bigquery.jobUser'];

/** Applies a stack, for jobs on the protected branch and in the stack's environment. */
export class DeployAccount extends pulumi.ComponentResource {
  readonly account: gcp.serviceaccount.Account;

  constructor(name: string, args: DeployAccountArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:bootstrap:DeployAccount', name, {}, options);
    const { project, region, loadBalancer, state, registry, github } = args;

    const federated = new FederatedAccount(
      name,
      {
        project,
        displayName: 'Deployments',
        description: 'Applies a stack.',
        actors: github.deployers,
        roles: loadBalancer ? { ...ROLES, ...LOAD_BALANCER_ROLES } : ROLES,
      },
      { parent: this },
    );
    this.account = federated.account;
    const { member } = this.account;

    new gcp.projects.IAMMember(
      `${name}-grants`,
      { project, role: 'roles/resourcemanager.projectIamAdmin', member, condition: onlyGrants(GRANTABLE) },
      { parent: this },
    );
    new gcp.storage.BucketIAMMember(
      `${name}-state`,
      { bucket: state.bucket.name, role: 'roles/storage.objectUser', member },
      { parent: this },
    );
    new gcp.kms.CryptoKeyIAMMember(
      `${name}-secrets`,
      { cryptoKeyId: state.key.id, role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter', member },
      { parent: this },
    );
    new gcp.artifactregistry.RepositoryIamMember(
      `${name}-images`,
      {
        repository: registry.repository.name,
        location: region,
        role: 'roles/artifactregistry.writer',
        member,
      },
      { parent: this },
    );
    this.registerOutputs({ email: this.account.email });
  }
}

/** Without this condition, an account that may grant roles could make itself owner. https://docs.cloud.google.com/iam/docs/setting-limits-on-granting-roles */
function onlyGrants(roles: readonly string[]) {
  const list = roles.map((role) => `'${role}'`).join(', ');
  return {
    title: 'Only roles that the stacks grant',
    expression: `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${list}])`,
  };
}

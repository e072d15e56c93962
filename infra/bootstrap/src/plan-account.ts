import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { BootstrapConfig } from './config.ts';
import { FederatedAccount } from './federated-account.ts';
import type { GitHubFederation } from './github-federation.ts';
import type { PulumiState } from './pulumi-state.ts';

export interface PlanAccountArgs extends Pick<BootstrapConfig, 'project' | 'loadBalancer'> {
  readonly state: PulumiState;
  readonly github: GitHubFederation;
}

const ROLES = {
  'roles/bigquery.metadataViewer': 'the dataset and the table, without their rows',
  'roles/cloudscheduler.viewer': "the prober's schedule",
  'roles/iam.securityReviewer': 'grants',
  'roles/logging.viewer': 'log-based metrics and the exclusion of request lines',
  'roles/monitoring.viewer': 'objectives, alert policies, dashboards and uptime checks',
  'roles/pubsub.viewer': 'topics, subscriptions and schemas, without their messages',
  'roles/run.viewer': 'the service, its revisions and the job',
  'roles/secretmanager.viewer': 'secrets, without their values',
  'roles/serviceusage.serviceUsageConsumer': "calls use this project's quota",
};

const LOAD_BALANCER_ROLES = { 'roles/compute.viewer': 'the load balancer' };

/** Compares a stack with its program for pull requests. It cannot change anything. */
export class PlanAccount extends pulumi.ComponentResource {
  readonly account: gcp.serviceaccount.Account;

  constructor(name: string, args: PlanAccountArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:bootstrap:PlanAccount', name, {}, options);
    const { project, loadBalancer, state, github } = args;

    const federated = new FederatedAccount(
      name,
      {
        project,
        displayName: 'Plans',
        description: 'Reads a stack to preview changes.',
        actors: github.planners,
        roles: loadBalancer ? { ...ROLES, ...LOAD_BALANCER_ROLES } : ROLES,
      },
      { parent: this },
    );
    this.account = federated.account;
    const { member } = this.account;

    new gcp.storage.BucketIAMMember(
      `${name}-state`,
      { bucket: state.bucket.name, role: 'roles/storage.objectViewer', member },
      { parent: this },
    );
    new gcp.kms.CryptoKeyIAMMember(
      `${name}-secrets`,
      { cryptoKeyId: state.key.id, role: 'roles/cloudkms.cryptoKeyDecrypter', member },
      { parent: this },
    );
    this.registerOutputs({ email: this.account.email });
  }
}

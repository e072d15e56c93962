import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { BootstrapConfig, GitHubConfig } from './config.ts';

const ISSUER = 'https://token.actions.githubusercontent.com';

/**
 * Lets workflows of one GitHub repository sign in without a key. Any workflow may use the provider for plans; only a job
 * on the deploying ref and in the stack's environment may use the provider for deployments.
 */
export class GitHubFederation extends pulumi.ComponentResource {
  /** Full names of the providers, for google-github-actions/auth. */
  readonly planProvider: pulumi.Output<string>;
  readonly deployProvider: pulumi.Output<string>;
  /** All workflows of a provider, as an IAM member. */
  readonly planners: pulumi.Output<string>;
  readonly deployers: pulumi.Output<string>;

  constructor(
    name: string,
    { github }: Pick<BootstrapConfig, 'github'>,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super('records:bootstrap:GitHubFederation', name, {}, options);

    const pool = new gcp.iam.WorkloadIdentityPool(
      name,
      { workloadIdentityPoolId: name, displayName: 'GitHub', description: 'Workflows of the repository.' },
      { parent: this },
    );

    const provider = (id: string, attribute: string, attributeCondition: string) =>
      new gcp.iam.WorkloadIdentityPoolProvider(
        `${name}-${id}`,
        {
          workloadIdentityPoolId: pool.workloadIdentityPoolId,
          workloadIdentityPoolProviderId: id,
          oidc: { issuerUri: ISSUER },
          // Each provider maps its own attribute, so a token for plans cannot act as a token for deployments.
          attributeMapping: {
            'google.subject': 'assertion.sub',
            [`attribute.${attribute}`]: 'assertion.repository_id',
          },
          attributeCondition,
        },
        { parent: this },
      );

    this.planProvider = provider('plan', 'plans', isRepository(github)).name;
    this.deployProvider = provider('deploy', 'deploys', isDeployment(github)).name;
    const members = (attribute: string) =>
      pulumi.interpolate`principalSet://iam.googleapis.com/${pool.name}/attribute.${attribute}/${github.repositoryId}`;
    this.planners = members('plans');
    this.deployers = members('deploys');
    this.registerOutputs({ planProvider: this.planProvider, deployProvider: this.deployProvider });
  }
}

/** By number: somebody else can take the name of a deleted owner or repository. */
function isRepository({ ownerId, repositoryId }: GitHubConfig): string {
  return `assertion.repository_owner_id == '${ownerId}' && assertion.repository_id == '${repositoryId}'`;
}

function isDeployment(github: GitHubConfig): string {
  const { deployRef, environment } = github;
  return `${isRepository(github)} && assertion.ref == '${deployRef}' && assertion.environment == '${environment}'`;
}

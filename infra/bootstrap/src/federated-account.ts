import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

export interface FederatedAccountArgs {
  readonly project: string;
  readonly displayName: string;
  readonly description: string;
  /** The IAM member that may impersonate the account. */
  readonly actors: pulumi.Input<string>;
  /** Roles on the project, each with the resources that it is for. */
  readonly roles: Readonly<Record<string, string>>;
}

/** A service account that workflows impersonate, because Cloud Run does not accept federated identities. */
export class FederatedAccount extends pulumi.ComponentResource {
  readonly account: gcp.serviceaccount.Account;

  constructor(name: string, args: FederatedAccountArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:bootstrap:FederatedAccount', name, {}, options);
    const { project, displayName, description, actors, roles } = args;

    this.account = new gcp.serviceaccount.Account(
      name,
      { accountId: name, displayName, description },
      { parent: this },
    );

    new gcp.serviceaccount.IAMMember(
      `${name}-impersonator`,
      { serviceAccountId: this.account.name, role: 'roles/iam.workloadIdentityUser', member: actors },
      { parent: this },
    );

    for (const role of Object.keys(roles)) {
      new gcp.projects.IAMMember(
        `${name}-${role.slice('roles/'.length)}`,
        { project, role, member: this.account.member },
        { parent: this },
      );
    }

    this.registerOutputs({ email: this.account.email });
  }
}

import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../config.ts';
import type { Ingestion } from './ingestion.ts';
import { Sweep } from './sweep.ts';
import type { Warehouse } from './warehouse.ts';

export interface PrivacyArgs
  extends Pick<StackConfig, 'project' | 'region' | 'schedulerRegion' | 'privacyOfficers' | 'labels'> {
  readonly image: pulumi.Input<string>;
  readonly warehouse: Warehouse;
  readonly ingestion: Ingestion;
}

/** What DML needs: neither to delete a table nor to change its columns. https://docs.cloud.google.com/bigquery/docs/data-manipulation-language */
const OFFICER_PERMISSIONS = ['get', 'getData', 'updateData'].map((name) => `bigquery.tables.${name}`);

/** What `pnpm ops person` needs, for the operators who answer the people in the table, and what deletes forgotten people again. */
export class Privacy extends pulumi.ComponentResource {
  constructor(name: string, args: PrivacyArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Privacy', name, {}, options);
    const { project, privacyOfficers, warehouse, ingestion } = args;
    const parent = { parent: this };

    // Also without members: Google keeps the id of a deleted role for 37 days.
    const officer = new gcp.projects.IAMCustomRole(
      `${name}-officer`,
      {
        roleId: 'recordsPrivacyOfficer',
        title: 'Privacy officer of records',
        description: 'Reads, corrects and deletes rows of a table.',
        permissions: OFFICER_PERMISSIONS,
      },
      parent,
    );

    for (const member of privacyOfficers) {
      warehouse.grant(`${name}-records-${member}`, officer.name, member, parent);
      warehouse.grant(`${name}-amendments-${member}`, officer.name, member, parent, warehouse.amendments);
      // To count the lists, which hold copies until they expire.
      warehouse.grantScratch(`${name}-lists-${member}`, 'roles/bigquery.metadataViewer', member, parent);
      new gcp.projects.IAMMember(
        `${name}-job-user-${member}`,
        { project, role: 'roles/bigquery.jobUser', member },
        parent,
      );
      new gcp.pubsub.SubscriptionIAMMember(
        `${name}-dead-letters-${member}`,
        { subscription: ingestion.deadLetterSubscription.id, role: 'roles/pubsub.subscriber', member },
        parent,
      );
    }
    if (privacyOfficers.length > 0) new Sweep('records-sweep', { ...args, officer: officer.name }, parent);
    this.registerOutputs({});
  }
}

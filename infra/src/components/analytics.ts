import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { amended, conflictColumns, conflictingIds, onePerId, viewColumns } from '@records/records-schema';
import type { StackConfig } from '../config.ts';
import { fullName, type Warehouse } from './warehouse.ts';

const MIB_PER_GIB = 1024;
/** QueryUsagePerUserPerDay, in MiB. https://docs.cloud.google.com/bigquery/docs/custom-quotas */
const QUERY_USAGE = {
  metric: encodeURIComponent('bigquery.googleapis.com/quota/query/usage'),
  limit: encodeURIComponent('/d/project/user'),
};

export interface AnalyticsArgs
  extends Pick<
    StackConfig,
    'project' | 'region' | 'analysts' | 'queryGibPerAccountPerDay' | 'deletionProtection' | 'labels'
  > {
  readonly warehouse: Warehouse;
}

/** A dataset of views for analysts, who can read nothing else. The views read the table of records for them. */
export class Analytics extends pulumi.ComponentResource {
  constructor(name: string, args: AnalyticsArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Analytics', name, {}, options);
    const { project, region, analysts, queryGibPerAccountPerDay, deletionProtection, labels, warehouse } =
      args;

    const dataset = new gcp.bigquery.Dataset(
      name,
      {
        datasetId: name.replaceAll('-', '_'),
        description: 'Views of the records, for analysts.',
        location: region,
        ...(!deletionProtection && { deleteContentsOnDestroy: true }),
        labels,
      },
      { parent: this },
    );

    const tables = pulumi.all([warehouse.tableName, fullName(warehouse.amendments)]);
    const views = {
      records: {
        description: 'One row per id, by the same rule as the API.',
        query: tables.apply(([records, amendments]) =>
          amended({ from: `(${onePerId({ from: `\`${records}\`` })})` }, `\`${amendments}\``),
        ),
        columns: viewColumns,
      },
      conflicts: {
        description: 'The ids whose rows differ: mistakes of publishers.',
        query: tables.apply(([records, amendments]) => conflictingIds(`\`${records}\``, `\`${amendments}\``)),
        columns: conflictColumns,
      },
    };
    for (const [tableId, { description, query, columns }] of Object.entries(views)) {
      const view = new gcp.bigquery.Table(
        `${name}-${tableId}`,
        {
          datasetId: dataset.datasetId,
          tableId,
          description,
          view: { query, useLegacySql: false },
          schema: JSON.stringify(columns),
          deletionProtection,
          labels,
        },
        { parent: this },
      );
      // Not beside a DatasetIamMember on the same dataset, which would remove this entry.
      new gcp.bigquery.DatasetAccess(
        `${name}-${tableId}`,
        {
          datasetId: warehouse.table.datasetId,
          view: { projectId: view.project, datasetId: view.datasetId, tableId: view.tableId },
        },
        { parent: this },
      );
    }

    for (const member of analysts) {
      new gcp.bigquery.DatasetIamMember(
        `${name}-viewer-${member}`,
        { datasetId: dataset.datasetId, role: 'roles/bigquery.dataViewer', member },
        { parent: this },
      );
      new gcp.projects.IAMMember(
        `${name}-job-user-${member}`,
        { project, role: 'roles/bigquery.jobUser', member },
        { parent: this },
      );
    }
    if (queryGibPerAccountPerDay > 0) {
      new gcp.serviceusage.ConsumerQuotaOverride(
        `${name}-query-quota`,
        {
          ...{ project, service: 'bigquery.googleapis.com', ...QUERY_USAGE },
          overrideValue: String(queryGibPerAccountPerDay * MIB_PER_GIB),
          // Without it, Google refuses to lower a quota by more than 10 %, and this one has no limit by default.
          force: true,
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

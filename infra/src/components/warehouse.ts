import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { amendmentColumns, bigQueryColumns } from '@records/records-schema';
import type { StackConfig } from '../config.ts';

export type WarehouseArgs = Pick<StackConfig, 'region' | 'deletionProtection' | 'labels' | 'prober'>;

/** Lists are walked for at most 12 hours. */
const SCRATCH_MS = 24 * 60 * 60 * 1000;

/** The dataset with the records, and beside them the probes; and a second one for the lists that the API makes of the records. */
export class Warehouse extends pulumi.ComponentResource {
  readonly table: gcp.bigquery.Table;
  /** `project.dataset.table` */
  readonly tableName: pulumi.Output<string>;
  /** What was corrected or forgotten at the request of a person. */
  readonly amendments: gcp.bigquery.Table;
  /** Of the prober, so that it never writes to the records. */
  readonly probes: gcp.bigquery.Table | undefined;
  readonly scratch: gcp.bigquery.Dataset;
  /** `project.dataset` */
  readonly scratchName: pulumi.Output<string>;

  constructor(name: string, args: WarehouseArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Warehouse', name, {}, options);
    const { region, deletionProtection, labels, prober } = args;

    const dataset = new gcp.bigquery.Dataset(
      name,
      {
        datasetId: name,
        description: 'Records received from Pub/Sub, for the API and for analysts.',
        location: region,
        // A week, BigQuery's maximum: the time to notice a bad write and restore the state before it.
        maxTimeTravelHours: '168',
        ...(!deletionProtection && { deleteContentsOnDestroy: true }),
        labels,
      },
      { parent: this },
    );

    this.table = new gcp.bigquery.Table(
      name,
      {
        datasetId: dataset.datasetId,
        tableId: name,
        description: 'One row per message. Rows with the same id are one record; readers collapse them.',
        schema: JSON.stringify(bigQueryColumns),
        // A lookup by id then scans a block, not the table.
        clusterings: ['id'],
        deletionProtection,
        labels,
      },
      { parent: this },
    );

    this.amendments = new gcp.bigquery.Table(
      `${name}-amendments`,
      {
        datasetId: dataset.datasetId,
        tableId: 'amendments',
        description:
          'What was corrected or forgotten at the request of a person. The API and the view of analysts apply it to every record.',
        schema: JSON.stringify(amendmentColumns),
        deletionProtection,
        labels,
      },
      { parent: this },
    );

    this.probes = prober
      ? new gcp.bigquery.Table(
          `${name}-probes`,
          {
            datasetId: dataset.datasetId,
            tableId: 'probes',
            description:
              'Made-up records that only the prober writes and counts, about one megabyte a month.',
            schema: JSON.stringify(bigQueryColumns),
            deletionProtection,
            labels,
          },
          { parent: this },
        )
      : undefined;

    this.scratch = new gcp.bigquery.Dataset(
      `${name}-scratch`,
      {
        datasetId: `${name}_scratch`,
        description: 'Lists of the records, made by the API. Its tables delete themselves.',
        location: region,
        defaultTableExpirationMs: SCRATCH_MS,
        deleteContentsOnDestroy: true,
        labels,
      },
      { parent: this },
    );

    this.scratchName = pulumi.interpolate`${this.scratch.project}.${this.scratch.datasetId}`;
    this.tableName = fullName(this.table);
    this.registerOutputs({ tableName: this.tableName });
  }

  /** Grants a role on the table of records alone, or on another one. */
  grant(
    name: string,
    role: pulumi.Input<string>,
    member: pulumi.Input<string>,
    options: pulumi.CustomResourceOptions,
    { datasetId, tableId } = this.table,
  ) {
    return new gcp.bigquery.IamMember(name, { datasetId, tableId, role, member }, options);
  }

  /** Grants a role on the dataset of lists alone. */
  grantScratch(
    name: string,
    role: pulumi.Input<string>,
    member: pulumi.Input<string>,
    options: pulumi.CustomResourceOptions,
  ) {
    const { datasetId } = this.scratch;
    return new gcp.bigquery.DatasetIamMember(name, { datasetId, role, member }, options);
  }
}

/** `project.dataset.table` */
export function fullName({ project, datasetId, tableId }: gcp.bigquery.Table): pulumi.Output<string> {
  return pulumi.interpolate`${project}.${datasetId}.${tableId}`;
}

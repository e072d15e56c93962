import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { bigQueryColumns } from '@records/records-schema';

export interface WarehouseArgs {
  /** Where the data lives; it cannot be moved later. */
  readonly region: pulumi.Input<string>;
  readonly deletionProtection: pulumi.Input<boolean>;
  readonly labels: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** The dataset and its one table. */
export class Warehouse extends pulumi.ComponentResource {
  readonly dataset: gcp.bigquery.Dataset;
  readonly table: gcp.bigquery.Table;
  /** `project.dataset.table` */
  readonly tableName: pulumi.Output<string>;

  constructor(name: string, args: WarehouseArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Warehouse', name, {}, options);
    const { region, deletionProtection, labels } = args;

    this.dataset = new gcp.bigquery.Dataset(
      name,
      {
        datasetId: name,
        description: 'Records received from Pub/Sub, for the API and for analysts.',
        location: region,
        // A week, the longest BigQuery offers: the time to notice a bad write and restore from before it.
        maxTimeTravelHours: '168',
        deleteContentsOnDestroy: pulumi.output(deletionProtection).apply((kept) => !kept),
        labels,
      },
      { parent: this },
    );

    this.table = new gcp.bigquery.Table(
      name,
      {
        datasetId: this.dataset.datasetId,
        tableId: name,
        description:
          'One row per message; rows that share an id are one record and are collapsed where they are read.',
        schema: JSON.stringify(bigQueryColumns),
        // Lookups by id then scan a block instead of the table.
        clusterings: ['id'],
        deletionProtection,
        labels,
      },
      { parent: this },
    );

    this.tableName = pulumi.interpolate`${this.table.project}.${this.table.datasetId}.${this.table.tableId}`;
    this.registerOutputs({ tableName: this.tableName });
  }
}

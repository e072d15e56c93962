import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../config.ts';
import { scheduledJob } from './scheduled-job.ts';
import { fullName, type Warehouse } from './warehouse.ts';

export interface SweepArgs extends Pick<StackConfig, 'project' | 'region' | 'schedulerRegion' | 'labels'> {
  readonly image: pulumi.Input<string>;
  readonly warehouse: Warehouse;
  /** The role that may change rows. */
  readonly officer: pulumi.Input<string>;
}

/** Each Monday: a run scans the ids of all rows. */
const SCHEDULE = '17 4 * * 1';

/** Longer than the job itself waits for its three statements, at most 15 minutes each. */
const TIMEOUT = '3600s';

/** A job that deletes what arrived again of people who were forgotten, and its schedule; each has an account of its own. */
export class Sweep extends pulumi.ComponentResource {
  constructor(name: string, args: SweepArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Sweep', name, {}, options);
    const { project, region, schedulerRegion, labels, image, warehouse, officer } = args;
    const parent = { parent: this };

    const account = new gcp.serviceaccount.Account(
      name,
      {
        accountId: name,
        displayName: 'Records sweep',
        description: 'Deletes rows of people who were forgotten.',
      },
      parent,
    );
    const { member } = account;
    const { amendments } = warehouse;
    const grants = [
      warehouse.grant(`${name}-records`, officer, member, parent),
      warehouse.grant(`${name}-amendments`, 'roles/bigquery.dataViewer', member, parent, amendments),
      new gcp.projects.IAMMember(
        `${name}-job-user`,
        { project, role: 'roles/bigquery.jobUser', member },
        parent,
      ),
    ];

    const job = scheduledJob(
      name,
      {
        region,
        schedulerRegion,
        labels,
        image,
        program: 'sweep.js',
        envs: [
          { name: 'GOOGLE_CLOUD_PROJECT', value: project },
          { name: 'BIGQUERY_LOCATION', value: region },
          { name: 'RECORDS_TABLE', value: warehouse.tableName },
          { name: 'AMENDMENTS_TABLE', value: fullName(amendments) },
        ],
        account,
        dependsOn: grants,
        timeout: TIMEOUT,
        maxRetries: 1,
        schedule: SCHEDULE,
        what: 'the sweep',
      },
      this,
    );
    this.registerOutputs({ job: job.name });
  }
}

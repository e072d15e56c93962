import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../config.ts';

interface ScheduledJobArgs extends Pick<StackConfig, 'region' | 'schedulerRegion' | 'labels'> {
  /** The API's image has the programs of all jobs, so a promoted digest brings its own. */
  readonly image: pulumi.Input<string>;
  readonly program: string;
  readonly envs: gcp.types.input.cloudrunv2.JobTemplateTemplateContainerEnv[];
  /** What the job runs as. */
  readonly account: gcp.serviceaccount.Account;
  /** What must exist before the job runs. */
  readonly dependsOn: pulumi.Resource[];
  /** As a duration of protobuf, as in `240s`. */
  readonly timeout: string;
  readonly maxRetries: number;
  /** As cron, in UTC. */
  readonly schedule: string;
  /** For descriptions. */
  readonly what: string;
}

/** A job of Cloud Run, started on a schedule by an account that may do nothing else. https://docs.cloud.google.com/run/docs/execute/jobs-on-schedule */
export function scheduledJob(
  name: string,
  args: ScheduledJobArgs,
  parent: pulumi.Resource,
): gcp.cloudrunv2.Job {
  const { region, schedulerRegion, labels, image, program, envs, schedule, what } = args;
  const job = new gcp.cloudrunv2.Job(
    name,
    {
      name,
      location: region,
      // The job holds no data, so destroying the stack may delete it.
      deletionProtection: false,
      labels,
      template: {
        template: {
          serviceAccount: args.account.email,
          timeout: args.timeout,
          maxRetries: args.maxRetries,
          containers: [
            { image, args: [program], envs, resources: { limits: { cpu: '1', memory: '512Mi' } } },
          ],
        },
      },
    },
    { parent, dependsOn: args.dependsOn },
  );
  const starter = new gcp.serviceaccount.Account(
    `${name}-starter`,
    {
      accountId: `${name}-starter`,
      displayName: `Starts ${what}`,
      description: 'Runs one job on a schedule.',
    },
    { parent },
  );
  const mayRun = new gcp.cloudrunv2.JobIamMember(
    `${name}-starter`,
    { name: job.name, location: region, role: 'roles/run.invoker', member: starter.member },
    { parent },
  );
  new gcp.cloudscheduler.Job(
    name,
    {
      name,
      region: schedulerRegion,
      description: `Starts ${what}.`,
      schedule,
      timeZone: 'Etc/UTC',
      attemptDeadline: '30s',
      httpTarget: {
        httpMethod: 'POST',
        uri: pulumi.interpolate`https://run.googleapis.com/v2/${job.id}:run`,
        oauthToken: {
          serviceAccountEmail: starter.email,
          scope: 'https://www.googleapis.com/auth/cloud-platform',
        },
      },
    },
    { parent, dependsOn: [mayRun] },
  );
  return job;
}

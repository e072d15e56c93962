import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

interface Scheduled {
  readonly job: gcp.cloudrunv2.Job;
  readonly region: string;
  readonly schedulerRegion: string;
  /** As cron, in UTC. */
  readonly schedule: string;
  /** For descriptions. */
  readonly what: string;
}

/** Starts a job on a schedule, by an account that may do nothing else. https://docs.cloud.google.com/run/docs/execute/jobs-on-schedule */
export function startOnSchedule(
  name: string,
  { job, region, schedulerRegion, schedule, what }: Scheduled,
  parent: pulumi.Resource,
): void {
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
}

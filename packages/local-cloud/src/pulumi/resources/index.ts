import type { DataSource, ResourceType } from '../resource-type.ts';
import { dataset } from './bigquery-dataset.ts';
import { datasetAccess } from './bigquery-dataset-access.ts';
import { datasetGrant, tableGrant } from './bigquery-iam.ts';
import { table } from './bigquery-table.ts';
import { jobGrant, serviceGrant } from './cloud-run-iam.ts';
import { job } from './cloud-run-job.ts';
import { service as cloudRunService } from './cloud-run-service.ts';
import { consumerQuotaOverride } from './consumer-quota-override.ts';
import { customRole } from './custom-role.ts';
import { PLANNED_ONLY } from './planned-only.ts';
import { getProject, projectGrant, serviceIdentity, service as serviceUsage } from './projects.ts';
import { provider } from './provider.ts';
import { subscriptionGrant, topicGrant } from './pubsub-iam.ts';
import { schema } from './pubsub-schema.ts';
import { subscription } from './pubsub-subscription.ts';
import { topic } from './pubsub-topic.ts';
import { secret, secretGrant, secretVersion } from './secret.ts';
import { account } from './service-account.ts';

/** Every resource type that a program may use on the local cloud. Any other is an error. */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  'pulumi:providers:gcp': provider,
  'gcp:bigquery/dataset:Dataset': dataset,
  'gcp:bigquery/datasetAccess:DatasetAccess': datasetAccess,
  'gcp:bigquery/datasetIamMember:DatasetIamMember': datasetGrant,
  'gcp:bigquery/iamMember:IamMember': tableGrant,
  'gcp:bigquery/table:Table': table,
  'gcp:cloudrunv2/job:Job': job,
  'gcp:cloudrunv2/jobIamMember:JobIamMember': jobGrant,
  'gcp:cloudrunv2/service:Service': cloudRunService,
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': serviceGrant,
  'gcp:projects/iAMCustomRole:IAMCustomRole': customRole,
  'gcp:projects/iAMMember:IAMMember': projectGrant,
  'gcp:projects/service:Service': serviceUsage,
  'gcp:projects/serviceIdentity:ServiceIdentity': serviceIdentity,
  'gcp:pubsub/schema:Schema': schema,
  'gcp:pubsub/subscription:Subscription': subscription,
  'gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember': subscriptionGrant,
  'gcp:pubsub/topic:Topic': topic,
  'gcp:pubsub/topicIAMMember:TopicIAMMember': topicGrant,
  'gcp:secretmanager/secret:Secret': secret,
  'gcp:secretmanager/secretIamMember:SecretIamMember': secretGrant,
  'gcp:secretmanager/secretVersion:SecretVersion': secretVersion,
  'gcp:serviceaccount/account:Account': account,
  'gcp:serviceusage/consumerQuotaOverride:ConsumerQuotaOverride': consumerQuotaOverride,
  ...PLANNED_ONLY,
};

/** Every data source that a program may ask. Any other is an error. */
export const DATA_SOURCES: Readonly<Record<string, DataSource>> = {
  'gcp:organizations/getProject:getProject': getProject,
};

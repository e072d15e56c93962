import { Type } from '@sinclair/typebox';
import { CloudError } from '../../errors.ts';
import type { JobSpec } from '../cloud.ts';
import { applied, type Declared } from '../resource-type.ts';
import {
  environmentOf,
  JobContainerInputs,
  NOT_EMULATED_IN_JOB_CONTAINER,
  REFUSED_IN_JOB_CONTAINER,
} from './cloud-run-container.ts';
import { DeletionPolicy, DurationText, duration, Labels, serviceAccountName, withProject } from './common.ts';

const closed = { additionalProperties: false };

/** Google's defaults. https://docs.cloud.google.com/run/docs/create-jobs */
const DEFAULT_TIMEOUT = '600s';
const DEFAULT_RETRIES = 3;

const Inputs = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$',
        description: 'at most 63 lower-case letters, digits and dashes that start with a letter',
      }),
    ),
    location: Type.String(),
    project: Type.Optional(Type.String()),
    labels: Type.Optional(Labels),
    annotations: Type.Optional(Labels),
    deletionProtection: Type.Optional(Type.Boolean()),
    deletionPolicy: Type.Optional(DeletionPolicy),
    template: Type.Object(
      {
        template: Type.Object(
          {
            containers: Type.Array(JobContainerInputs, { minItems: 1, maxItems: 1 }),
            serviceAccount: Type.Optional(Type.String()),
            timeout: Type.Optional(DurationText),
            maxRetries: Type.Optional(Type.Integer({ minimum: 0, maximum: 10 })),
          },
          closed,
        ),
      },
      closed,
    ),
  },
  closed,
);
type Inputs = typeof Inputs.static;

const ONE_TASK = 'an execution has one task';

export const job = applied({
  effect: 'one process on this machine per execution, started only on request',
  inputs: Inputs,
  notEmulated: {
    binaryAuthorization: 'no image is pulled',
    client: 'a note for people',
    clientVersion: 'a note for people',
    launchStage: 'there is one stage',
    tags: 'no policy looks at tags',
    'template.annotations': 'a note for people',
    'template.labels': 'a note for people',
    'template.template.encryptionKey': 'no image is stored',
    'template.template.executionEnvironment': 'the process runs on this machine',
    'template.template.gpuZonalRedundancyDisabled': 'there are no zones',
    'template.template.nodeSelector': 'the process runs on this machine',
    'template.template.vpcAccess': 'the process uses the network of this machine',
    ...NOT_EMULATED_IN_JOB_CONTAINER,
  },
  refused: {
    runExecutionToken: 'a deployment starts no execution here',
    startExecutionToken: 'a deployment starts no execution here',
    'template.parallelism': ONE_TASK,
    'template.taskCount': ONE_TASK,
    'template.template.volumes': 'a job gets no secret here',
    ...REFUSED_IN_JOB_CONTAINER,
  },
  autoname: 'name',
  deletionProtection: { input: 'deletionProtection', default: true },
  defaults: withProject,
  resourceName: nameOf,
  outputs: (declared) => ({ id: nameOf(declared) }),
  references({ inputs }) {
    const account = serviceAccountName(inputs.template.template.serviceAccount ?? '');
    return account ? [{ property: 'template.template.serviceAccount', resource: account }] : [];
  },
  async create({ inputs, cloud }) {
    const { name = '' } = inputs;
    if (cloud.cloudRun.hasJob(name))
      throw new CloudError('ALREADY_EXISTS', `Resource '${name}' already exists.`);
    cloud.cloudRun.putJob(specOf(inputs));
    return undefined;
  },
  async update({ inputs, outputs, cloud }) {
    cloud.cloudRun.putJob(specOf(inputs));
    return outputs;
  },
  async resume({ inputs, outputs, cloud }) {
    cloud.cloudRun.putJob(specOf(inputs));
    return outputs;
  },
  async delete({ inputs, cloud }) {
    await cloud.cloudRun.deleteJob(inputs.name ?? '');
  },
});

export function jobName(project: string, location: string, name: string): string {
  return name.startsWith('projects/') ? name : `projects/${project}/locations/${location}/jobs/${name}`;
}

function nameOf({ inputs, context }: Declared<Inputs>): string {
  return jobName(inputs.project ?? context.project, inputs.location, inputs.name ?? '');
}

function specOf({ name = '', template: { template } }: Inputs): JobSpec {
  const [container] = template.containers;
  if (!container) throw new TypeError('unchecked template: no container');
  return {
    job: name,
    image: container.image,
    args: container.args ?? [],
    environment: environmentOf(container),
    serviceAccount: template.serviceAccount,
    timeoutSeconds: duration(template.timeout ?? DEFAULT_TIMEOUT).seconds,
    maxRetries: template.maxRetries ?? DEFAULT_RETRIES,
  };
}

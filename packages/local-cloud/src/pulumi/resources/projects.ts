import { Type } from '@sinclair/typebox';
import { applied, type DataSource, dataSource, type NotEmulatedType } from '../resource-type.ts';
import { withProject } from './common.ts';
import { grantType } from './grant.ts';

export const projectGrant = grantType({
  target: {},
  resource: (_, { project }) => `projects/${project}`,
  idPrefix: (_, { project }) => project,
  property: undefined,
});

export const service: NotEmulatedType = {
  notEmulatedBecause: 'every emulated service is always enabled',
  outputs: ({ project, service: name }, context) => ({ id: `${project ?? context.project}/${name}` }),
};

/** E-mail domains of service agents. https://docs.cloud.google.com/iam/docs/service-agents */
const AGENT_DOMAINS = {
  'artifactregistry.googleapis.com': 'gcp-sa-artifactregistry',
  'bigquerydatatransfer.googleapis.com': 'gcp-sa-bigquerydatatransfer',
  'pubsub.googleapis.com': 'gcp-sa-pubsub',
  'run.googleapis.com': 'serverless-robot-prod',
  'secretmanager.googleapis.com': 'gcp-sa-secretmanager',
} as const;
type AgentService = keyof typeof AGENT_DOMAINS;

const ServiceIdentity = Type.Object(
  {
    service: Type.Union(Object.keys(AGENT_DOMAINS).map((name) => Type.Literal(name as AgentService))),
    project: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

export const serviceIdentity = applied({
  effect: 'returns the service agent of the project',
  shared: true,
  inputs: ServiceIdentity,
  notEmulated: {},
  refused: {},
  defaults: withProject,
  outputs({ inputs, context }) {
    const email = `service-${context.projectNumber}@${AGENT_DOMAINS[inputs.service]}.iam.gserviceaccount.com`;
    return {
      id: `projects/${inputs.project ?? context.project}/services/${inputs.service}`,
      email,
      member: `serviceAccount:${email}`,
    };
  },
});

export const getProject: DataSource = dataSource({
  effect: 'returns the project of the stack',
  args: Type.Object({ projectId: Type.Optional(Type.String()) }, { additionalProperties: false }),
  result: ({ projectId }, context) => {
    const id = projectId ?? context.project;
    return {
      id: `projects/${id}`,
      projectId: id,
      name: id,
      number: context.projectNumber,
      autoCreateNetwork: false,
      billingAccount: '',
      folderId: '',
      orgId: '',
      deletionPolicy: 'PREVENT',
      labels: {},
      effectiveLabels: {},
      pulumiLabels: {},
      tags: {},
    };
  },
});

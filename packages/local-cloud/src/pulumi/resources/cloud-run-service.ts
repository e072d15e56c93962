import { createHash } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import { CloudError } from '../../errors.ts';
import type { Cloud, ContainerSpec } from '../cloud.ts';
import type { Properties } from '../property-values.ts';
import { type Applied, applied, type Declared } from '../resource-type.ts';
import {
  ContainerInputs,
  containerSpec,
  environmentOf,
  NOT_EMULATED_IN_CONTAINER,
  REFUSED_IN_CONTAINER,
} from './cloud-run-container.ts';
import {
  assertSecretsAllowed,
  assertSecretsHaveVersions,
  mountedSecrets,
  mountMistakes,
  secretNeeds,
  VolumeInputs,
  withLocalFiles,
} from './cloud-run-volumes.ts';
import { DeletionPolicy, Labels, serviceAccountName, withProject } from './common.ts';
import { secretName } from './secret.ts';

const Inputs = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: '^[a-z]([-a-z0-9]{0,47}[a-z0-9])?$',
        description: 'at most 49 lower-case letters, digits and dashes that start with a letter',
      }),
    ),
    location: Type.String(),
    project: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    labels: Type.Optional(Labels),
    annotations: Type.Optional(Labels),
    deletionProtection: Type.Optional(Type.Boolean()),
    invokerIamDisabled: Type.Optional(Type.Boolean()),
    deletionPolicy: Type.Optional(DeletionPolicy),
    template: Type.Object(
      {
        containers: Type.Array(ContainerInputs, { minItems: 1, maxItems: 1 }),
        serviceAccount: Type.Optional(Type.String()),
        volumes: Type.Optional(Type.Array(VolumeInputs)),
        revision: Type.Optional(Type.String()),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
type Inputs = typeof Inputs.static;

const ONE_PROCESS = 'one process answers every request';

export const service = applied({
  effect:
    'a process on this machine, with the environment that the resource declares and nothing else; only invokers may call it, unless `invokerIamDisabled`',
  inputs: Inputs,
  notEmulated: {
    ingress: 'the process listens on this machine only',
    customAudiences: 'an ID token holds for any audience',
    iapEnabled: 'there is no Identity-Aware Proxy',
    binaryAuthorization: 'no image is pulled',
    buildConfig: 'nothing is built',
    client: 'a note for people',
    clientVersion: 'a note for people',
    defaultUriDisabled: 'the address of the process is its only one',
    launchStage: 'there is one stage',
    multiRegionSettings: 'there is one region',
    scaling: ONE_PROCESS,
    tags: 'no policy looks at tags',
    traffics: ONE_PROCESS,
    'template.annotations': 'a note for people',
    'template.labels': 'a note for people',
    'template.encryptionKey': 'no image is stored',
    'template.executionEnvironment': 'the process runs on this machine',
    'template.gpuZonalRedundancyDisabled': 'there are no zones',
    'template.maxInstanceRequestConcurrency': 'nothing limits the concurrent requests',
    'template.nodeSelector': 'the process runs on this machine',
    'template.scaling': ONE_PROCESS,
    'template.serviceMesh': 'there is no mesh',
    'template.sessionAffinity': ONE_PROCESS,
    'template.timeout': 'requests are not cut off',
    'template.vpcAccess': 'the process uses the network of this machine',
    ...NOT_EMULATED_IN_CONTAINER,
  },
  refused: {
    'template.volumes[].cloudSqlInstance': 'Cloud SQL is not emulated',
    'template.volumes[].emptyDir': 'only secrets can be mounted',
    'template.volumes[].gcs': 'Cloud Storage is not emulated',
    'template.volumes[].nfs': 'only secrets can be mounted',
    'template.volumes[].secret.defaultMode': 'only its owner can read the file',
    'template.volumes[].secret.items[].mode': 'only its owner can read the file',
    'template.sandboxes': 'sandboxes are not emulated',
    'template.healthCheckDisabled': 'without a check, a service that fails to start would count as started',
    ...REFUSED_IN_CONTAINER,
  },
  autoname: 'name',
  deletionProtection: { input: 'deletionProtection', default: true },
  defaults: withProject,
  resourceName: nameOf,
  outputs(declared) {
    const { inputs, context } = declared;
    const uri = `https://${inputs.name}-${context.projectNumber}.${inputs.location}.run.app`;
    return { id: nameOf(declared), uri, urls: [uri], reconciling: false };
  },
  references({ inputs, context }) {
    const { serviceAccount = '', volumes = [] } = inputs.template;
    const account = serviceAccountName(serviceAccount);
    return [
      ...(account ? [{ property: 'template.serviceAccount', resource: account }] : []),
      ...volumes.map(({ secret }) => ({
        property: 'template.volumes',
        resource: secretName(inputs.project ?? context.project, secret.secret),
      })),
    ];
  },
  needs: ({ inputs: { template }, context }) =>
    secretNeeds(template.volumes ?? [], template.serviceAccount, context),
  check: ({ inputs: { template } }) =>
    template.containers.flatMap((container) =>
      mountMistakes(template.volumes ?? [], container.volumeMounts ?? [], environmentOf(container)),
    ),
  async create(resource) {
    const { name = '' } = resource.inputs;
    if (resource.cloud.cloudRun.has(name)) {
      throw new CloudError('ALREADY_EXISTS', `Resource '${name}' already exists.`);
    }
    return deploy(resource, 1);
  },
  async update(resource) {
    const { old, inputs, outputs, cloud } = resource;
    const unchanged = JSON.stringify(specOf(old, cloud)) === JSON.stringify(specOf(inputs, cloud));
    const isAsOpen = old.invokerIamDisabled === inputs.invokerIamDisabled;
    if (unchanged && isAsOpen && cloud.cloudRun.has(inputs.name ?? '')) return outputs;
    return deploy(resource, unchanged ? generationOf(outputs) : generationOf(outputs) + 1);
  },
  async resume(resource) {
    const { inputs, outputs, cloud } = resource;
    if (cloud.cloudRun.has(inputs.name ?? '')) return outputs;
    return deploy(resource, Math.max(generationOf(outputs), 1));
  },
  async delete({ inputs, cloud }) {
    await cloud.cloudRun.delete(inputs.name ?? '');
  },
});

export function serviceName(project: string, location: string, name: string): string {
  return name.startsWith('projects/') ? name : `projects/${project}/locations/${location}/services/${name}`;
}

function nameOf({ inputs, context }: Declared<Inputs>): string {
  return serviceName(inputs.project ?? context.project, inputs.location, inputs.name ?? '');
}

function specOf({ name = '', template }: Inputs, { secrets }: Pick<Cloud, 'secrets'>): ContainerSpec {
  const [container] = template.containers;
  if (!container) throw new TypeError('unchecked template: no container');
  const spec = containerSpec(name, container, template.serviceAccount);
  const mounted = mountedSecrets(template.volumes ?? [], container.volumeMounts ?? []);
  return { ...spec, environment: withLocalFiles(spec.environment, mounted, secrets) };
}

async function deploy(resource: Applied<Inputs>, generation: number): Promise<Properties> {
  const { inputs, cloud, context } = resource;
  assertSecretsAllowed(
    secretNeeds(inputs.template.volumes ?? [], inputs.template.serviceAccount, context),
    cloud,
  );
  assertSecretsHaveVersions(inputs.template.volumes ?? [], context, cloud);
  const spec = specOf(inputs, cloud);
  const revision = inputs.template.revision ?? revisionName(spec, generation);
  const invokersOf = nameOf(resource);
  const { uri } = await cloud.cloudRun.deploy(
    { ...spec, ...(inputs.invokerIamDisabled !== true && { invokersOf }) },
    revision,
  );
  const latest = `${nameOf(resource)}/revisions/${revision}`;
  return {
    uri,
    urls: [uri],
    generation: String(generation),
    observedGeneration: String(generation),
    latestCreatedRevision: latest,
    latestReadyRevision: latest,
  };
}

/** `records-api-00002-k3f`, as Cloud Run generates them. */
function revisionName(spec: ContainerSpec, generation: number): string {
  const suffix = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 3);
  return `${spec.service}-${String(generation).padStart(5, '0')}-${suffix}`;
}

function generationOf({ generation }: Properties): number {
  return Number(generation ?? 0);
}

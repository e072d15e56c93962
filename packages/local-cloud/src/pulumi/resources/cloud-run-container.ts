import { type Static, Type } from '@sinclair/typebox';
import type { ContainerSpec, ProbeSpec } from '../cloud.ts';
import { VolumeMountInputs } from './cloud-run-volumes.ts';

const closed = { additionalProperties: false };

/** https://docs.cloud.google.com/run/docs/configuring/healthchecks */
const probeFields = {
  initialDelaySeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 240 })),
  timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 240 })),
  periodSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 240 })),
  failureThreshold: Type.Optional(Type.Integer({ minimum: 1 })),
};

const HttpGet = Type.Object(
  {
    path: Type.Optional(Type.String({ pattern: '^/', description: 'a path that starts with "/"' })),
    httpHeaders: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), value: Type.Optional(Type.String()) }, closed)),
    ),
  },
  closed,
);

const Probe = Type.Object(
  {
    ...probeFields,
    httpGet: Type.Optional(HttpGet),
    tcpSocket: Type.Optional(Type.Object({}, closed)),
  },
  closed,
);

/** https://docs.cloud.google.com/run/docs/configuring/services/environment-variables */
const RESERVED = ['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION'];
/** https://docs.cloud.google.com/run/docs/container-contract#jobs-env-vars */
const RESERVED_IN_JOBS = [
  'CLOUD_RUN_JOB',
  'CLOUD_RUN_EXECUTION',
  'CLOUD_RUN_TASK_INDEX',
  'CLOUD_RUN_TASK_ATTEMPT',
  'CLOUD_RUN_TASK_COUNT',
];

const envsWithout = (reserved: readonly string[]) =>
  Type.Optional(
    Type.Array(
      Type.Object(
        {
          name: Type.String({
            pattern: `^(?!(${reserved.join('|')})$)[^=]+$`,
            description: `a name that Cloud Run does not set itself (${reserved.join(', ')})`,
          }),
          value: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
  );

export const ContainerInputs = Type.Object(
  {
    image: Type.String({ minLength: 1 }),
    name: Type.Optional(Type.String()),
    envs: envsWithout(RESERVED),
    volumeMounts: Type.Optional(Type.Array(VolumeMountInputs)),
    startupProbe: Type.Optional(Probe),
    livenessProbe: Type.Optional(Probe),
  },
  closed,
);
type ContainerInputs = Static<typeof ContainerInputs>;

export const JobContainerInputs = Type.Object(
  {
    image: Type.String({ minLength: 1 }),
    name: Type.Optional(Type.String()),
    args: Type.Optional(Type.Array(Type.String())),
    envs: envsWithout(RESERVED_IN_JOBS),
  },
  closed,
);

const container = (property: string) => `template.containers[].${property}`;
const jobContainer = (property: string) => `template.template.containers[].${property}`;
const ANY_PORT = 'the process gets a port of this machine in PORT';

export const NOT_EMULATED_IN_CONTAINER = {
  [container('ports')]: ANY_PORT,
  [container('startupProbe.httpGet.port')]: ANY_PORT,
  [container('startupProbe.tcpSocket.port')]: ANY_PORT,
  [container('livenessProbe.httpGet.port')]: ANY_PORT,
  [container('livenessProbe.tcpSocket.port')]: ANY_PORT,
  [container('readinessProbe')]: 'there is no other instance to send requests to',
  [container('resources')]: 'the process shares this machine',
  [container('buildInfos')]: 'nothing is built',
  [container('baseImageUri')]: 'nothing is built',
};

export const REFUSED_IN_CONTAINER = {
  [container('args')]: 'the command of an image is a setting of the local cloud (images)',
  [container('commands')]: 'the command of an image is a setting of the local cloud (images)',
  [container('workingDir')]: 'the folder of an image is a setting of the local cloud (images)',
  [container('envs[].valueSource')]: 'a process gets a secret only as a file (template.volumes)',
  [container('startupProbe.grpc')]: 'gRPC probes are not emulated',
  [container('livenessProbe.grpc')]: 'gRPC probes are not emulated',
  [container('dependsOns')]: 'a service has one container',
  [container('sourceCode')]: 'nothing is built',
  [container('sandboxLauncher')]: 'sandboxes are not emulated',
};

export const NOT_EMULATED_IN_JOB_CONTAINER = {
  [jobContainer('resources')]: 'the process shares this machine',
};

export const REFUSED_IN_JOB_CONTAINER = {
  [jobContainer('commands')]: 'the command of an image is a setting of the local cloud (images)',
  [jobContainer('workingDir')]: 'the folder of an image is a setting of the local cloud (images)',
  [jobContainer('envs[].valueSource')]: 'a job gets no secret here',
  [jobContainer('volumeMounts')]: 'a job gets no secret here',
  [jobContainer('ports')]: 'a job has one container, which gets no requests',
  [jobContainer('startupProbe')]: 'a job has one container, and nothing waits for its start',
  [jobContainer('dependsOns')]: 'a job has one container',
};

export function containerSpec(
  service: string,
  { image, envs = [], startupProbe, livenessProbe }: ContainerInputs,
  serviceAccount: string | undefined,
): ContainerSpec {
  return {
    service,
    image,
    environment: environmentOf({ envs }),
    startupProbe: startupProbe && probeSpec(startupProbe),
    livenessProbe: livenessProbe && probeSpec(livenessProbe),
    serviceAccount,
  };
}

export function environmentOf({ envs = [] }: Pick<ContainerInputs, 'envs'>): Record<string, string> {
  return Object.fromEntries(envs.map(({ name, value }) => [name, value ?? '']));
}

function probeSpec(probe: Static<typeof Probe>): ProbeSpec {
  const { httpGet } = probe;
  return {
    path: httpGet && (httpGet.path ?? '/'),
    headers: Object.fromEntries((httpGet?.httpHeaders ?? []).map(({ name, value }) => [name, value ?? ''])),
    initialDelaySeconds: probe.initialDelaySeconds ?? 0,
    periodSeconds: probe.periodSeconds ?? 10,
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

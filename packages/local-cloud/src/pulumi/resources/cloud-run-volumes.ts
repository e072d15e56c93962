import { type Static, Type } from '@sinclair/typebox';
import { grantHint } from '../../callers.ts';
import { CloudError } from '../../errors.ts';
import type { Cloud, SecretAdmin } from '../cloud.ts';
import type { InputMistake, PermissionNeed, ProviderContext } from '../resource-type.ts';
import { shortName } from './common.ts';
import { secretName } from './secret.ts';

const closed = { additionalProperties: false };

/** https://docs.cloud.google.com/run/docs/configuring/services/secrets */
export const VolumeInputs = Type.Object(
  {
    name: Type.String(),
    secret: Type.Object(
      {
        secret: Type.String(),
        items: Type.Array(
          Type.Object(
            {
              path: Type.String(),
              version: Type.Literal('latest', { description: '"latest": no other version is kept here' }),
            },
            closed,
          ),
          { minItems: 1, maxItems: 1 },
        ),
      },
      closed,
    ),
  },
  closed,
);
export type Volume = Static<typeof VolumeInputs>;

export const VolumeMountInputs = Type.Object({ name: Type.String(), mountPath: Type.String() }, closed);
export type VolumeMount = Static<typeof VolumeMountInputs>;

/** Secret ids, by the path of the mounted file in the container. */
export function mountedSecrets(volumes: readonly Volume[], mounts: readonly VolumeMount[]) {
  const files = new Map<string, string>();
  for (const { name, mountPath } of mounts) {
    const volume = volumes.find((candidate) => candidate.name === name);
    const [item] = volume?.secret.items ?? [];
    if (volume && item) files.set(`${mountPath}/${item.path}`, shortName(volume.secret.secret));
  }
  return files;
}

/** The process sees the files of this machine, so it finds a mounted file only by an environment variable. */
export function mountMistakes(
  volumes: readonly Volume[],
  mounts: readonly VolumeMount[],
  environment: Readonly<Record<string, string>>,
): InputMistake[] {
  const unknown = mounts
    .filter(({ name }) => !volumes.some((volume) => volume.name === name))
    .map(({ name }) => ({
      property: 'template.containers[].volumeMounts',
      message: `mounts the volume "${name}", which the template does not have`,
    }));
  const values = Object.values(environment);
  const withoutVariable = [...mountedSecrets(volumes, mounts).keys()]
    .filter((path) => !values.includes(path))
    .map((path) => ({
      property: 'template.containers[].volumeMounts',
      message: `the local cloud cannot mount ${path}: set an environment variable to this path, and the process gets the path of a local file in it`,
    }));
  return [...unknown, ...withoutVariable];
}

/** The environment, with the path of a local file in place of the path of each mounted secret. */
export function withLocalFiles(
  environment: Readonly<Record<string, string>>,
  mounted: ReadonlyMap<string, string>,
  secrets: Pick<SecretAdmin, 'fileOf'>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      const secret = mounted.get(value);
      return [name, secret === undefined ? value : secrets.fileOf(secret)];
    }),
  );
}

/** Cloud Run refuses a revision whose account may not read a mounted secret. */
export function secretNeeds(
  volumes: readonly Volume[],
  account: string | undefined,
  { project }: ProviderContext,
): PermissionNeed[] {
  if (account === undefined) return [];
  return volumes.map(({ secret }) => ({
    property: 'template.volumes',
    member: `serviceAccount:${account}`,
    permissions: ['secretmanager.versions.access'],
    resource: secretName(project, secret.secret),
    role: 'roles/secretmanager.secretAccessor',
  }));
}

/** Throws CloudError FAILED_PRECONDITION when a mounted secret has no version. */
export function assertSecretsHaveVersions(
  volumes: readonly Volume[],
  { project }: ProviderContext,
  { secrets }: Pick<Cloud, 'secrets'>,
): void {
  for (const { secret } of volumes) {
    if (secrets.has(shortName(secret.secret))) continue;
    const name = secretName(project, secret.secret);
    throw new CloudError('FAILED_PRECONDITION', `Secret ${name}/versions/latest was not found.`, {
      hint: `add a first version to ${shortName(name)}: a secret without a version cannot be mounted`,
    });
  }
}

/** Throws CloudError PERMISSION_DENIED when the account may not read a mounted secret. */
export function assertSecretsAllowed(needs: readonly PermissionNeed[], { iam }: Pick<Cloud, 'iam'>): void {
  for (const { member, permissions, resource } of needs) {
    for (const permission of permissions) {
      if (iam.allows(member, permission, resource)) continue;
      throw new CloudError(
        'PERMISSION_DENIED',
        `Permission ${permission} denied on ${resource} for ${member}.`,
        {
          hint: grantHint(member, permission, resource),
        },
      );
    }
  }
}

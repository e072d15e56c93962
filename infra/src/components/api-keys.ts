import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../config.ts';

export interface ApiKeysArgs extends Pick<StackConfig, 'region' | 'deletionProtection' | 'labels'> {
  /** The API's account, as an IAM member. */
  readonly reader: pulumi.Input<string>;
}

const VOLUME = 'api-keys';
const MOUNT_PATH = '/api-keys';
const FILE = 'keys.json';

/**
 * The secret with the hashes of the API keys, mounted as a file that the API rereads. Pulumi does not manage the list: a refresh would
 * have to read it, and a refresh that missed its version would replace it with an empty one.
 */
export class ApiKeys extends pulumi.ComponentResource {
  readonly secret: gcp.secretmanager.Secret;
  /** Absolute path of the list in the container. */
  readonly file = `${MOUNT_PATH}/${FILE}`;
  readonly volumes: gcp.types.input.cloudrunv2.ServiceTemplateVolume[];
  readonly volumeMounts = [{ name: VOLUME, mountPath: MOUNT_PATH }];
  /** Resources that must exist before a service mounts the volume. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: ApiKeysArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:ApiKeys', name, {}, options);
    const { region, reader, deletionProtection, labels } = args;

    this.secret = new gcp.secretmanager.Secret(
      name,
      {
        secretId: name,
        replication: { userManaged: { replicas: [{ location: region }] } },
        ...(deletionProtection && { deletionProtection }),
        labels,
      },
      { parent: this },
    );

    const grant = new gcp.secretmanager.SecretIamMember(
      `${name}-reader`,
      { secretId: this.secret.secretId, role: 'roles/secretmanager.secretAccessor', member: reader },
      { parent: this },
    );

    this.volumes = [
      { name: VOLUME, secret: { secret: this.secret.secretId, items: [{ version: 'latest', path: FILE }] } },
    ];
    this.ready = [grant];
    this.registerOutputs({ secret: this.secret.id });
  }
}

import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

export interface ApiKeysArgs {
  readonly region: string;
  /** Who reads the list: the API's account. */
  readonly reader: pulumi.Input<string>;
  readonly deletionProtection: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

const VOLUME = 'api-keys';
const MOUNT_PATH = '/api-keys';
const FILE = 'keys.json';

/**
 * The secret of the list of API keys, hashes alone, as a file that the API reads again and again. The list itself is none of
 * Pulumi's: a refresh would have to read it, and one that missed its version would replace it by an empty one.
 */
export class ApiKeys extends pulumi.ComponentResource {
  readonly secret: gcp.secretmanager.Secret;
  /** Where the API finds the list. */
  readonly file = `${MOUNT_PATH}/${FILE}`;
  readonly volumes: gcp.types.input.cloudrunv2.ServiceTemplateVolume[];
  readonly volumeMounts = [{ name: VOLUME, mountPath: MOUNT_PATH }];
  /** What a service must wait for before it can mount the volume. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: ApiKeysArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:ApiKeys', name, {}, options);
    const { region, reader, deletionProtection, labels } = args;

    this.secret = new gcp.secretmanager.Secret(
      name,
      {
        secretId: name,
        replication: { userManaged: { replicas: [{ location: region }] } },
        deletionProtection,
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

import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

export interface ApiKeysArgs {
  readonly region: string;
  /** Who reads the list: the API's account. */
  readonly reader: pulumi.Input<string>;
  readonly deletionProtection: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** Of a stack that is new. `pnpm api-keys` adds the versions after this one. */
const NO_KEYS = '{"keys":[]}\n';

const VOLUME = 'api-keys';
const MOUNT_PATH = '/api-keys';
const FILE = 'keys.json';

/** The list of API keys, hashes alone, as a file that the API reads again and again. */
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

    // Cloud Run refuses to mount `latest` of a secret that has no version.
    const first = new gcp.secretmanager.SecretVersion(
      `${name}-first`,
      { secret: this.secret.id, secretData: NO_KEYS },
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
    this.ready = [first, grant];
    this.registerOutputs({ secret: this.secret.id });
  }
}

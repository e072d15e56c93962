import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { BootstrapConfig } from './config.ts';

const DAY_SECONDS = 24 * 60 * 60;

/** The bucket of Pulumi's states, and the key that encrypts the secrets in them. */
export class PulumiState extends pulumi.ComponentResource {
  readonly bucket: gcp.storage.Bucket;
  readonly key: gcp.kms.CryptoKey;
  /** For `pulumi login`. */
  readonly url: pulumi.Output<string>;
  /** For `pulumi stack init --secrets-provider`. */
  readonly secretsProvider: pulumi.Output<string>;

  constructor(
    name: string,
    { project, region, labels }: Pick<BootstrapConfig, 'project' | 'region' | 'labels'>,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super('records:bootstrap:PulumiState', name, {}, options);
    // Without either, no stack can change any more: Pulumi refuses to delete them.
    const kept = { parent: this, protect: true };

    this.bucket = new gcp.storage.Bucket(
      name,
      {
        name: `${project}-${name}`,
        location: region,
        uniformBucketLevelAccess: true,
        publicAccessPrevention: 'enforced',
        versioning: { enabled: true },
        lifecycleRules: [
          { action: { type: 'Delete' }, condition: { numNewerVersions: 100, daysSinceNoncurrentTime: 90 } },
        ],
        labels,
      },
      kept,
    );

    const keyRing = new gcp.kms.KeyRing(name, { name, location: region }, kept);
    this.key = new gcp.kms.CryptoKey(
      `${name}-secrets`,
      {
        name: 'secrets',
        keyRing: keyRing.id,
        purpose: 'ENCRYPT_DECRYPT',
        rotationPeriod: `${90 * DAY_SECONDS}s`,
        destroyScheduledDuration: `${30 * DAY_SECONDS}s`,
        labels,
      },
      kept,
    );

    this.url = this.bucket.url;
    this.secretsProvider = pulumi.interpolate`gcpkms://${this.key.id}`;
    this.registerOutputs({ url: this.url, secretsProvider: this.secretsProvider });
  }
}

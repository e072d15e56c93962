import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { BootstrapConfig } from './config.ts';

const DAY_SECONDS = 24 * 60 * 60;

/** The registry of the API's images. */
export class ImageRegistry extends pulumi.ComponentResource {
  readonly repository: gcp.artifactregistry.Repository;

  constructor(
    name: string,
    { region, labels, imageReaders }: Pick<BootstrapConfig, 'region' | 'labels' | 'imageReaders'>,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super('records:bootstrap:ImageRegistry', name, {}, options);

    this.repository = new gcp.artifactregistry.Repository(
      name,
      {
        repositoryId: name,
        location: region,
        format: 'DOCKER',
        description: 'Images of the records API, one per commit.',
        // A KEEP policy overrides a DELETE policy, so a rollback can go back fifty builds.
        cleanupPolicies: [
          { id: 'keep-newest', action: 'KEEP', mostRecentVersions: { keepCount: 50 } },
          {
            id: 'delete-untagged',
            action: 'DELETE',
            condition: { tagState: 'UNTAGGED', olderThan: `${14 * DAY_SECONDS}s` },
          },
          {
            id: 'delete-old',
            action: 'DELETE',
            condition: { tagState: 'ANY', olderThan: `${365 * DAY_SECONDS}s` },
          },
        ],
        labels,
      },
      { parent: this },
    );

    for (const member of imageReaders) {
      new gcp.artifactregistry.RepositoryIamMember(
        `${name}-reader-${member}`,
        {
          repository: this.repository.name,
          location: region,
          role: 'roles/artifactregistry.reader',
          member,
        },
        { parent: this },
      );
    }

    this.registerOutputs({ repository: this.repository.id });
  }
}

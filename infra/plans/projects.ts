import { join } from 'node:path';
import { INFRA, PROJECT, settingsFile } from '@records/stack';

/** A Pulumi project of infra/. */
export interface Project {
  readonly name: string;
  readonly directory: string;
  /** Example values for the settings that each stack sets itself. */
  exampleSettings(stack: string): Record<string, string>;
}

export const PLATFORM: Project = {
  name: PROJECT,
  directory: INFRA,
  exampleSettings(stack) {
    if (stack === 'local') return {};
    const project = `example-${stack}`;
    const digest = `sha256:${'0'.repeat(64)}`;
    return {
      'gcp:project': project,
      image: `southamerica-west1-docker.pkg.dev/${project}/records/api@${digest}`,
    };
  },
};

export const BOOTSTRAP: Project = {
  name: 'records-bootstrap',
  directory: join(INFRA, 'bootstrap'),
  exampleSettings: (stack) => ({
    'gcp:project': `example-${stack}`,
    githubOwnerId: '1001',
    githubRepositoryId: '2002',
  }),
};

/** The example settings that the stack's own file does not give. */
export function missingSettings(project: Project, stack: string): Record<string, string> {
  const given = Object.keys(settingsFile(stack, project.directory));
  return Object.fromEntries(
    Object.entries(project.exampleSettings(stack)).filter(
      ([key]) => !given.includes(key) && !given.includes(`${project.name}:${key}`),
    ),
  );
}

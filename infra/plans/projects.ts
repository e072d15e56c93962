import { join } from 'node:path';
import { INFRA, LOCAL, LOCAL_IMAGE, PROJECT, settingsFile } from '@records/stack';
import { variablesFor } from '../src/deployment.ts';

/** A Pulumi project of infra/. */
export interface Project {
  readonly name: string;
  readonly directory: string;
  /** Example values for the settings that each stack sets itself. */
  exampleSettings(stack: string): Record<string, string>;
  /** Variables that tell the program what to deploy. */
  environment?(stack: string): Record<string, string>;
}

export const PLATFORM: Project = {
  name: PROJECT,
  directory: INFRA,
  exampleSettings: (stack) => (stack === LOCAL ? {} : { 'gcp:project': `example-${stack}` }),
  environment: (stack) => variablesFor(stack === LOCAL ? LOCAL_IMAGE : exampleImage(stack), undefined),
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

function exampleImage(stack: string): string {
  const digest = `sha256:${'0'.repeat(64)}`;
  return `southamerica-west1-docker.pkg.dev/example-${stack}/records/api@${digest}`;
}

/** The example settings that the stack's own file does not give. */
export function missingSettings(project: Project, stack: string): Record<string, string> {
  const given = Object.keys(settingsFile(stack, project.directory));
  return Object.fromEntries(
    Object.entries(project.exampleSettings(stack)).filter(
      ([key]) => !given.includes(key) && !given.includes(`${project.name}:${key}`),
    ),
  );
}

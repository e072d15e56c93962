import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isMissing } from './missing.ts';

export const INFRA = join(import.meta.dirname, '..');

/** A Pulumi project of this folder. */
export interface Project {
  readonly name: string;
  readonly directory: string;
  /** Settings that every stack has of its own, with values for an example. */
  exampleSettings(stack: string): Record<string, string>;
}

export const PLATFORM: Project = {
  name: 'records-platform',
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
  const given = Object.keys(settingsOf(project, stack));
  return Object.fromEntries(
    Object.entries(project.exampleSettings(stack)).filter(
      ([key]) => !given.includes(key) && !given.includes(`${project.name}:${key}`),
    ),
  );
}

/** What Pulumi.<stack>.yaml sets, by full key; nothing when there is no such file. */
export function settingsOf(project: Project, stack: string): Readonly<Record<string, string | undefined>> {
  let text: string;
  try {
    text = readFileSync(join(project.directory, `Pulumi.${stack}.yaml`), 'utf8');
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
  const file = parse(text) as { config?: Record<string, unknown> } | null;
  return Object.fromEntries(
    Object.entries(file?.config ?? {}).map(([key, value]) => [key, String(value)] as const),
  );
}

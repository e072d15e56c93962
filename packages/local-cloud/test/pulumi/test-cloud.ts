import { fileURLToPath } from 'node:url';
import { LocalCloud, type LocalCloudOptions } from '../../src/local-cloud.ts';
import { DeploymentError } from '../../src/pulumi/deployment-error.ts';
import { type Deployment, type Plan, type ProgramOptions, plan } from '../../src/pulumi/engine.ts';

export const PROJECT = 'test-project';
const PROJECT_NUMBER = '123456789012';
export const AGENT = `serviceAccount:service-${PROJECT_NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com`;

/** A resource of the program `declared`: see its index.ts. */
export interface Declaration {
  /** `pubsub.Topic` */
  readonly type: string;
  readonly inputs: Record<string, unknown>;
  readonly dependsOn?: readonly string[];
  readonly options?: Record<string, unknown>;
}
export type Declarations = Readonly<Record<string, Declaration>>;

export function openCloud(options: Partial<LocalCloudOptions> = {}): Promise<LocalCloud> {
  return LocalCloud.create({
    projectId: PROJECT,
    projectNumber: PROJECT_NUMBER,
    location: 'southamerica-west1',
    ...options,
  });
}

export function programDir(name: string): string {
  return fileURLToPath(new URL(`programs/${name}`, import.meta.url));
}

const declared = (resources: Declarations) => ({
  projectDir: programDir('declared'),
  stack: 'test',
  config: {
    'gcp:project': PROJECT,
    'gcp:region': 'southamerica-west1',
    resources: JSON.stringify(resources),
  },
});

/** Deploys a program that declares exactly these resources, in this order. */
export function deploy(
  cloud: LocalCloud,
  resources: Declarations,
  options: Partial<ProgramOptions> = {},
): Promise<Deployment> {
  return cloud.deploy({ ...declared(resources), ...options });
}

export function planOf(resources: Declarations): Promise<Plan> {
  return plan({ ...declared(resources), projectNumber: PROJECT_NUMBER });
}

/** The lines of the DeploymentError that the promise rejects with, without the positions in the program. */
export async function problemsOf(promise: Promise<unknown>): Promise<string[]> {
  return (await locatedProblemsOf(promise)).map((line) => line.replace(/^\S+:\d+: /, ''));
}

/** The lines of the DeploymentError that the promise rejects with. */
export async function locatedProblemsOf(promise: Promise<unknown>): Promise<string[]> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DeploymentError)) throw new Error(`expected a DeploymentError, got ${error}`);
  return error.message.split('\n');
}

/** `create topic` for each resource of a deployment, in the order of the names. */
export function stepsOf({ steps }: Deployment): string[] {
  return steps.map(({ operation, name }) => `${operation} ${name}`).sort();
}

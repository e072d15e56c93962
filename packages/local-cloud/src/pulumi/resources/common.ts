import { Type } from '@sinclair/typebox';
import type { Declared, ProviderContext } from '../resource-type.ts';

export const Labels = Type.Record(Type.String(), Type.String());

/** https://www.pulumi.com/registry/packages/gcp: what happens to the cloud's resource when the program drops its own. */
export const DeletionPolicy = Type.Union([
  Type.Literal('DELETE'),
  Type.Literal('PREVENT'),
  Type.Literal('ABANDON'),
]);

/** A duration as the provider takes it: seconds, with up to nine decimals, ending in "s". */
export const DurationText = Type.String({
  pattern: '^\\d+(\\.\\d{1,9})?s$',
  description: 'a duration in seconds such as "600s"',
});

export function duration(text: string): { seconds: number; nanos: number } {
  const [seconds = '0', fraction = ''] = text.slice(0, -1).split('.');
  return { seconds: Number(seconds), nanos: Number(fraction.padEnd(9, '0')) };
}

/** The outputs that the provider derives from labels. */
export function labelOutputs(labels: Record<string, string> | undefined) {
  const own = labels ?? {};
  return { pulumiLabels: own, effectiveLabels: { ...own, 'goog-pulumi-provisioned': 'true' } };
}

/** `name` in full: the provider takes `records` as well as `projects/p/topics/records`. */
export function fullName(collection: string, name: string, project: string): string {
  return name.startsWith('projects/') ? name : `projects/${project}/${collection}/${name}`;
}

/** The last part of a full name. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The inputs, with the provider's project where the program names none. */
export function withProject<T extends { project?: string }>({ inputs, context }: Declared<T>) {
  return { ...inputs, project: projectOf(inputs, context) };
}

function projectOf({ project }: { project?: string }, context: ProviderContext): string {
  return project ?? context.project;
}

/** `projects/p/serviceAccounts/EMAIL` for an account that a project owns; service agents and people are not anybody's. */
export function serviceAccountName(email: string): string | undefined {
  const project = /^[^@]+@([^.]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
  if (!project || project.startsWith('gcp-sa-') || project === 'serverless-robot-prod') return undefined;
  return `projects/${project}/serviceAccounts/${email}`;
}

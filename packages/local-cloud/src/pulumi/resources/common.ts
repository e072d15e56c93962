import { Type } from '@sinclair/typebox';
import type { Declared, ProviderContext } from '../resource-type.ts';

export const Labels = Type.Record(Type.String(), Type.String());

/** What happens in the cloud when the program no longer declares a resource. https://www.pulumi.com/registry/packages/gcp */
export const DeletionPolicy = Type.Union([
  Type.Literal('DELETE'),
  Type.Literal('PREVENT'),
  Type.Literal('ABANDON'),
]);

/** A duration as the provider takes it: seconds with up to nine decimals, then "s". */
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

/** Labels for a patch of BigQuery, which lays them over the recorded ones: null removes a label. */
export function labelPatch(next: Record<string, string> = {}, old: Record<string, string> = {}) {
  return { ...Object.fromEntries(Object.keys(old).map((name) => [name, null])), ...next };
}

/** `name` in full: the provider takes `records` as well as `projects/p/topics/records`. */
export function fullName(collection: string, name: string, project: string): string {
  return name.startsWith('projects/') ? name : `projects/${project}/${collection}/${name}`;
}

/** The last part of a full name. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The inputs, with the provider's project if they have none. */
export function withProject<T extends { project?: string }>({ inputs, context }: Declared<T>) {
  return { ...inputs, project: projectOf(inputs, context) };
}

function projectOf({ project }: { project?: string }, context: ProviderContext): string {
  return project ?? context.project;
}

/** `projects/p/serviceAccounts/EMAIL` for an account of a project; undefined for service agents and people. */
export function serviceAccountName(email: string): string | undefined {
  const project = /^[^@]+@([^.]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
  if (!project || project.startsWith('gcp-sa-') || project === 'serverless-robot-prod') return undefined;
  return `projects/${project}/serviceAccounts/${email}`;
}

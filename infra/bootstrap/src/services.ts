// Imports nothing: `pnpm ops preflight` reads it, too.

const SERVICES = [
  'artifactregistry',
  'bigquery',
  'billingbudgets',
  'cloudkms',
  'cloudresourcemanager',
  'cloudscheduler',
  'iam',
  'iamcredentials',
  'logging',
  'monitoring',
  'pubsub',
  'run',
  'secretmanager',
  'serviceusage',
  'storage',
  'sts',
];

/** The Google Cloud APIs that the stacks call, without `.googleapis.com`. */
export function servicesOf(loadBalancer: boolean): readonly string[] {
  return loadBalancer ? [...SERVICES, 'compute'] : SERVICES;
}

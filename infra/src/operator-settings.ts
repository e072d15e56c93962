import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

const PREFIX = 'gcp:';

/**
 * The stack's own `gcp:` settings, such as `gcp:impersonateServiceAccount`. Only the default provider takes them by itself; one that a
 * program makes needs them as arguments.
 */
export function operatorSettings(): gcp.ProviderArgs {
  const given = Object.keys(pulumi.runtime.allConfig()).filter((key) => key.startsWith(PREFIX));
  const names = given.map((key) => key.slice(PREFIX.length));
  // A setting may be secret, and only the Pulumi CLI knows which.
  return Object.fromEntries(names.map((name) => [name, pulumi.secret(Reflect.get(gcp.config, name))]));
}

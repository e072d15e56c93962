// The pack for `pulumi preview --policy-pack policies`. Pulumi's runner loads it by require(), which Node 24 allows for ES
// modules. Node strips the types of the rules, so the runner's old compiler never sees them.
import { PolicyPack } from '@pulumi/policy';
import pulumi from '@pulumi/pulumi';
import { resourceRules, stackRules } from './rules.ts';

const stack = {
  name: pulumi.getStack(),
  region: new pulumi.Config('gcp').get('region'),
  access: new pulumi.Config('records-platform').get('access'),
};

new PolicyPack('records-platform', {
  enforcementLevel: 'mandatory',
  policies: [
    ...resourceRules.map(({ name, description, check }) => ({
      name,
      description,
      validateResource({ type, name: resourceName, props }, report) {
        for (const message of check({ type, name: resourceName, props }, stack)) {
          report(`${resourceName} ${message}.`);
        }
      },
    })),
    ...stackRules.map(({ name, description, checkAll }) => ({
      name,
      description,
      validateStack({ resources }, report) {
        for (const { resource, message } of checkAll(resources)) {
          report(`${resource.name} ${message}.`, resource.urn);
        }
      },
    })),
  ],
});

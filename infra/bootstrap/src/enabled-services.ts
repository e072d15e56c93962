import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { BootstrapConfig } from './config.ts';
import { servicesOf } from './services.ts';

/** Enables the Google Cloud APIs that the stacks call. */
export class EnabledServices extends pulumi.ComponentResource {
  constructor(
    name: string,
    { loadBalancer }: Pick<BootstrapConfig, 'loadBalancer'>,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super('records:bootstrap:EnabledServices', name, {}, options);
    for (const service of servicesOf(loadBalancer)) {
      new gcp.projects.Service(
        service,
        // It stays enabled when the stack is destroyed, by default: other programs in the project may use it.
        { service: `${service}.googleapis.com` },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}

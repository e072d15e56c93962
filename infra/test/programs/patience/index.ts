import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { patience } from '../../../src/patience.ts';

const eventualConsistency = new pulumi.Config().requireBoolean('eventualConsistency');
const hooks = patience({ eventualConsistency }, (ms) => pulumi.log.info(`pause of ${ms / 1000} s`));

const grant = new gcp.pubsub.Topic('grant', { name: 'grant' }, { hooks: hooks.grant });
new gcp.pubsub.Topic('metric', { name: 'metric' }, { hooks: hooks.metric });
// Its error names it, and so reads like one about a missing permission.
new gcp.pubsub.Topic('permission', { name: 'permission' }, { dependsOn: [grant], hooks: hooks.needsGrant });
new gcp.pubsub.Topic('policy', { name: 'policy' }, { hooks: hooks.usesMetric });
new gcp.pubsub.Topic('service', { name: 'service' }, { hooks: hooks.startsWithGrant });

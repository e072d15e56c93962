import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';

const way = new pulumi.Config().require('way');
const topic = new gcp.pubsub.Topic('topic', { name: 'made-before' });

/** Stands for a type of another provider. */
class Bucket extends pulumi.CustomResource {
  constructor(name: string, inputs: pulumi.Inputs, options?: pulumi.CustomResourceOptions) {
    super('aws:s3/bucket:Bucket', name, inputs, options);
  }
}

switch (way) {
  case 'throws':
    topic.id.apply(() => {
      throw new Error('the program is wrong');
    });
    break;
  case 'run error':
    throw new pulumi.RunError('the configuration is wrong');
  case 'exit':
    topic.id.apply(() => process.exit(7));
    break;
  case 'everything':
    new Bucket('bucket', { acl: 'private' });
    new gcp.pubsub.LiteTopic('lite', {});
    new gcp.pubsub.Topic('imported', { name: 'imported' }, { import: 'projects/p/topics/imported' });
    gcp.pubsub.Topic.get('found', 'projects/p/topics/found');
    new gcp.pubsub.Topic('twice', { name: 'twice' });
    new gcp.pubsub.Topic('twice', { name: 'twice-again' });
    new pulumi.StackReference('organization/shop/prod');
    gcp.compute.getZonesOutput({});
    new gcp.pubsub.Topic('asset', { name: new pulumi.asset.StringAsset('x') as never });
    new gcp.pubsub.Topic('elsewhere', { name: 'elsewhere', project: 'another-project' });
    new gcp.pubsub.Topic('a', { name: 'same' });
    new gcp.pubsub.Topic('b', { name: 'same' });
    new gcp.projects.ServiceIdentity('agent', { service: 'pubsub.googleapis.com' });
    new gcp.projects.ServiceIdentity('agent-again', { service: 'pubsub.googleapis.com' });
    break;
  default:
    throw new Error(`unknown way: ${way}`);
}

import type { Properties } from '../property-values.ts';
import type { NotEmulatedType, ProviderContext } from '../resource-type.ts';

const NO_BALANCER = 'there is no load balancer on this machine: requests go to the process itself';
const NO_OBJECTS = 'Cloud Storage is not emulated';
const NO_KEYS = 'Cloud KMS is not emulated';
const NO_IMAGES = 'images are run from the working copy, not pulled';
const NO_MONITORING = 'nothing is measured or notified here: `pnpm prove alerts` tests the alert policies';
const NO_LOG = 'nothing keeps a log here: the lines of a container go to its caller';
const NO_TOKENS = 'the local cloud asks for no credentials';

/** Types that a plan shows and that have no effect on an emulated service. */
export const PLANNED_ONLY: Readonly<Record<string, NotEmulatedType>> = {
  'gcp:artifactregistry/repository:Repository': {
    ...named(NO_IMAGES, 'repositories', 'location', 'repositoryId'),
    holds: 'its images',
  },
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': grant(NO_IMAGES, 'repository'),
  'gcp:billing/budget:Budget': {
    notEmulatedBecause: 'nothing costs anything on this machine',
    outputs: ({ billingAccount }) => ({ id: `billingAccounts/${billingAccount}/budgets/generated` }),
  },
  'gcp:cloudscheduler/job:Job': {
    notEmulatedBecause: 'schedules do not run here: a job starts only on request',
    outputs: ({ region, name, project }, context) => ({
      id: `projects/${project ?? context.project}/locations/${region ?? context.region}/jobs/${name}`,
      state: 'ENABLED',
    }),
  },
  'gcp:compute/backendService:BackendService': named(NO_BALANCER, 'backendServices'),
  'gcp:compute/globalAddress:GlobalAddress': named(NO_BALANCER, 'addresses'),
  'gcp:compute/globalForwardingRule:GlobalForwardingRule': named(NO_BALANCER, 'forwardingRules'),
  'gcp:compute/managedSslCertificate:ManagedSslCertificate': named(NO_BALANCER, 'sslCertificates'),
  'gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup': named(
    NO_BALANCER,
    'networkEndpointGroups',
    'region',
  ),
  'gcp:compute/sSLPolicy:SSLPolicy': named(NO_BALANCER, 'sslPolicies'),
  'gcp:compute/securityPolicy:SecurityPolicy': named(NO_BALANCER, 'securityPolicies'),
  'gcp:compute/targetHttpProxy:TargetHttpProxy': named(NO_BALANCER, 'targetHttpProxies'),
  'gcp:compute/targetHttpsProxy:TargetHttpsProxy': named(NO_BALANCER, 'targetHttpsProxies'),
  'gcp:compute/uRLMap:URLMap': named(NO_BALANCER, 'urlMaps'),
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': {
    notEmulatedBecause: NO_TOKENS,
    outputs({ workloadIdentityPoolId, project }, context) {
      const id = `projects/${project ?? context.project}/locations/global/workloadIdentityPools/${workloadIdentityPoolId}`;
      // Google uses the project number in the name.
      return { id, name: id.replace(/^projects\/[^/]+/, `projects/${context.projectNumber}`) };
    },
  },
  'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider': {
    notEmulatedBecause: NO_TOKENS,
    outputs({ workloadIdentityPoolId, workloadIdentityPoolProviderId, project }, context) {
      const id = `projects/${project ?? context.project}/locations/global/workloadIdentityPools/${workloadIdentityPoolId}/providers/${workloadIdentityPoolProviderId}`;
      return { id, name: id.replace(/^projects\/[^/]+/, `projects/${context.projectNumber}`) };
    },
  },
  'gcp:kms/cryptoKey:CryptoKey': {
    notEmulatedBecause: NO_KEYS,
    holds: 'what it has encrypted',
    outputs: ({ keyRing, name }) => ({ id: `${keyRing}/cryptoKeys/${name}` }),
  },
  'gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember': grant(NO_KEYS, 'cryptoKeyId'),
  'gcp:kms/keyRing:KeyRing': named(NO_KEYS, 'keyRings', 'location'),
  'gcp:logging/projectExclusion:ProjectExclusion': named(NO_LOG, 'exclusions'),
  'gcp:logging/metric:Metric': named(NO_MONITORING, 'metrics'),
  'gcp:monitoring/alertPolicy:AlertPolicy': named(NO_MONITORING, 'alertPolicies'),
  'gcp:monitoring/customService:CustomService': {
    notEmulatedBecause: NO_MONITORING,
    outputs({ serviceId }, { project }) {
      return {
        id: `projects/${project}/services/${serviceId}`,
        name: `projects/${project}/services/${serviceId}`,
      };
    },
  },
  'gcp:monitoring/dashboard:Dashboard': named(NO_MONITORING, 'dashboards'),
  'gcp:monitoring/slo:Slo': {
    notEmulatedBecause: NO_MONITORING,
    outputs({ service, sloId }, { project }) {
      const name = `projects/${project}/services/${service}/serviceLevelObjectives/${sloId}`;
      return { id: name, name };
    },
  },
  'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': {
    notEmulatedBecause: NO_MONITORING,
    outputs({ displayName }, { project }) {
      const name = `projects/${project}/uptimeCheckConfigs/${displayName}`;
      return { id: name, name, uptimeCheckId: displayName };
    },
  },
  'gcp:serviceaccount/iAMMember:IAMMember': grant(NO_TOKENS, 'serviceAccountId'),
  'gcp:storage/bucket:Bucket': {
    notEmulatedBecause: NO_OBJECTS,
    holds: 'its objects',
    outputs: ({ name }) => ({ id: String(name), url: `gs://${name}` }),
  },
  'gcp:storage/bucketIAMMember:BucketIAMMember': grant(NO_OBJECTS, 'bucket'),
};

/** `projects/P/global/urlMaps/N`, or with the location that the input `place` names. */
function named(
  notEmulatedBecause: string,
  collection: string,
  place?: 'location' | 'region',
  nameInput = 'name',
): NotEmulatedType {
  return {
    notEmulatedBecause,
    outputs(inputs, context) {
      const { project = context.project, [nameInput]: name = 'generated' } = inputs;
      const where = place ? `${place}s/${placeOf(inputs, place, context)}` : 'global';
      return { id: `projects/${project}/${where}/${collection}/${name}`, name };
    },
  };
}

function placeOf(inputs: Properties, place: string, { region }: ProviderContext): unknown {
  return inputs[place] ?? region;
}

function grant(notEmulatedBecause: string, target: string): NotEmulatedType {
  return {
    notEmulatedBecause,
    outputs: ({ [target]: on, role, member }) => ({ id: `${on}/${role}/${member}` }),
  };
}

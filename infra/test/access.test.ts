import { describe, expect, it } from '@jest/globals';
import { EVERYTHING, inputsByName, planOf, REGION, resourceOf, WITHOUT } from './support/plans.ts';

const SERVICE = 'gcp:cloudrunv2/service:Service';
const INVOKER = 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember';

describe('a private API', () => {
  it('admits the named members and nobody else', async () => {
    const members = ['group:analysts@example.com', 'serviceAccount:web@example-dev.iam.gserviceaccount.com'];
    const plan = await planOf('dev', { invokers: JSON.stringify(members) });
    expect(Object.values(inputsByName(plan, INVOKER))).toEqual(
      members.map((member) => ({
        name: 'records-api',
        location: REGION,
        role: 'roles/run.invoker',
        member,
      })),
    );
    expect(resourceOf(plan, SERVICE, 'records-api').inputs).not.toHaveProperty('invokerIamDisabled');
  });
});

describe('a public API', () => {
  it('admits anybody without a grant to allUsers, which many organisations refuse', async () => {
    const plan = await planOf('prod');
    expect(resourceOf(plan, SERVICE, 'records-api').inputs.invokerIamDisabled).toBe(true);
    expect(JSON.stringify(plan.resources.map(({ inputs }) => inputs))).not.toContain('allUsers');
  });
});

describe('an API behind a load balancer', () => {
  it('is reached only through its domain, with a certificate, Cloud Armor and a cache', async () => {
    const plan = await planOf('prod', EVERYTHING);
    const labels = { system: 'records', stack: 'prod' };
    const only = (type: string) => inputsByName(plan, `gcp:compute/${type}`)['records-api'];

    expect(resourceOf(plan, SERVICE, 'records-api').inputs.ingress).toBe(
      'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER',
    );
    // The load balancer forwards no identity, and the ingress above keeps everybody else out.
    expect(resourceOf(plan, SERVICE, 'records-api').inputs.invokerIamDisabled).toBe(true);
    expect(inputsByName(plan, INVOKER)).toEqual({});

    expect(only('regionNetworkEndpointGroup:RegionNetworkEndpointGroup')).toEqual({
      name: 'records-api',
      region: REGION,
      networkEndpointType: 'SERVERLESS',
      cloudRun: { service: 'records-api' },
    });
    expect(only('backendService:BackendService')).toEqual({
      name: 'records-api',
      loadBalancingScheme: 'EXTERNAL_MANAGED',
      protocol: 'HTTPS',
      backends: [{ group: `projects/example-prod/regions/${REGION}/networkEndpointGroups/records-api` }],
      securityPolicy: 'projects/example-prod/global/securityPolicies/records-api',
      enableCdn: true,
      cdnPolicy: {
        cacheMode: 'USE_ORIGIN_HEADERS',
        requestCoalescing: true,
        cacheKeyPolicy: { includeHost: true, includeProtocol: true, includeQueryString: true },
      },
      logConfig: { enable: true, sampleRate: 1 },
    });
    expect(only('securityPolicy:SecurityPolicy')).toMatchObject({
      type: 'CLOUD_ARMOR',
      rules: [
        {
          priority: 1000,
          action: 'throttle',
          match: { versionedExpr: 'SRC_IPS_V1', config: { srcIpRanges: ['*'] } },
          rateLimitOptions: {
            enforceOnKey: 'IP',
            conformAction: 'allow',
            exceedAction: 'deny(429)',
            rateLimitThreshold: { count: 120, intervalSec: 60 },
          },
        },
        { priority: 2_147_483_647, action: 'allow' },
      ],
    });
    expect(only('managedSslCertificate:ManagedSslCertificate')).toEqual({
      // No name: Google cannot replace a certificate in use by one of the same name.
      managed: { domains: ['records.example.com'] },
    });
    expect(only('sSLPolicy:SSLPolicy')).toEqual({
      name: 'records-api',
      profile: 'MODERN',
      minTlsVersion: 'TLS_1_2',
    });
    expect(only('globalAddress:GlobalAddress')).toEqual({ name: 'records-api', labels });
    expect(inputsByName(plan, 'gcp:compute/globalForwardingRule:GlobalForwardingRule')).toMatchObject({
      'records-api': {
        portRange: '443',
        labels,
        target: 'projects/example-prod/global/targetHttpsProxies/records-api',
        ipAddress: 'projects/example-prod/global/addresses/records-api',
      },
      'records-api-http': {
        portRange: '80',
        labels,
        target: 'projects/example-prod/global/targetHttpProxies/records-api-http',
        ipAddress: 'projects/example-prod/global/addresses/records-api',
      },
    });
    expect(inputsByName(plan, 'gcp:compute/uRLMap:URLMap')['records-api-http']).toMatchObject({
      defaultUrlRedirect: { httpsRedirect: true },
    });
    expect(plan.outputs).toMatchObject({
      apiUrl: 'https://records.example.com',
      loadBalancerAddress: '[known after deployment]',
    });
  });

  it('caches nothing when cdn is false', async () => {
    const plan = await planOf('prod', WITHOUT);
    const backend = inputsByName(plan, 'gcp:compute/backendService:BackendService')['records-api'];
    expect(backend).not.toHaveProperty('enableCdn');
    expect(backend).not.toHaveProperty('cdnPolicy');
  });
});

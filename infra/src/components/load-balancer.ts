import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { LoadBalancerConfig, StackConfig } from '../config.ts';
import { protectionRules } from './protection-rules.ts';

export interface LoadBalancerArgs extends LoadBalancerConfig, Pick<StackConfig, 'region' | 'labels'> {
  readonly service: gcp.cloudrunv2.Service;
}

const SCHEME = 'EXTERNAL_MANAGED';

/** The API's Cache-Control decides what is cached, and for how long. The key is Google's default one, because the provider requires one. */
const CDN_POLICY = {
  cacheMode: 'USE_ORIGIN_HEADERS',
  requestCoalescing: true,
  cacheKeyPolicy: { includeHost: true, includeProtocol: true, includeQueryString: true },
};

/** What both forwarding rules share. */
interface Entrance extends Pick<LoadBalancerArgs, 'labels'> {
  readonly address: gcp.compute.GlobalAddress;
}

/** A global load balancer before a Cloud Run service: a certificate for the domain, Cloud Armor and Cloud CDN. */
export class LoadBalancer extends pulumi.ComponentResource {
  /** IPv4 address for the domain's A record. */
  readonly address: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: LoadBalancerArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:LoadBalancer', name, {}, options);
    const { domain, region, service, labels } = args;
    const parent = { parent: this };

    const address = new gcp.compute.GlobalAddress(name, { name, labels }, parent);

    const securityPolicy = new gcp.compute.SecurityPolicy(
      name,
      {
        name,
        description: 'Limits the requests of one client.',
        type: 'CLOUD_ARMOR',
        rules: protectionRules(args.clientRequestsPerMinute),
      },
      parent,
    );

    const endpoints = new gcp.compute.RegionNetworkEndpointGroup(
      name,
      { name, region, networkEndpointType: 'SERVERLESS', cloudRun: { service: service.name } },
      parent,
    );

    const backend = new gcp.compute.BackendService(
      name,
      {
        name,
        loadBalancingScheme: SCHEME,
        protocol: 'HTTPS',
        backends: [{ group: endpoints.id }],
        securityPolicy: securityPolicy.id,
        ...(args.cdn && { enableCdn: true, cdnPolicy: CDN_POLICY }),
        // Cloud Run's own log lacks the requests that Cloud Armor or the cache answers.
        logConfig: { enable: true, sampleRate: 1 },
      },
      parent,
    );

    this.#serveHttps(name, domain, backend, { address, labels });
    this.#redirectHttp(name, { address, labels });

    this.address = address.address;
    this.url = pulumi.output(`https://${domain}`);
    this.registerOutputs({ address: this.address, url: this.url });
  }

  #serveHttps(name: string, domain: string, backend: gcp.compute.BackendService, entrance: Entrance): void {
    const parent = { parent: this };
    const urlMap = new gcp.compute.URLMap(name, { name, defaultService: backend.id }, parent);
    // Pulumi names it: for another domain it creates a second certificate before it deletes the one in use.
    const certificate = new gcp.compute.ManagedSslCertificate(
      name,
      { managed: { domains: [domain] } },
      parent,
    );
    const sslPolicy = new gcp.compute.SSLPolicy(
      name,
      { name, profile: 'MODERN', minTlsVersion: 'TLS_1_2' },
      parent,
    );
    const proxy = new gcp.compute.TargetHttpsProxy(
      name,
      { name, urlMap: urlMap.id, sslCertificates: [certificate.id], sslPolicy: sslPolicy.id },
      parent,
    );
    new gcp.compute.GlobalForwardingRule(
      name,
      { name, ...ruleOf(proxy, entrance), portRange: '443' },
      parent,
    );
  }

  #redirectHttp(name: string, entrance: Entrance): void {
    const parent = { parent: this };
    const httpName = `${name}-http`;
    const urlMap = new gcp.compute.URLMap(
      httpName,
      {
        name: httpName,
        defaultUrlRedirect: {
          httpsRedirect: true,
          redirectResponseCode: 'MOVED_PERMANENTLY_DEFAULT',
          stripQuery: false,
        },
      },
      parent,
    );
    const proxy = new gcp.compute.TargetHttpProxy(httpName, { name: httpName, urlMap: urlMap.id }, parent);
    new gcp.compute.GlobalForwardingRule(
      httpName,
      { name: httpName, ...ruleOf(proxy, entrance), portRange: '80' },
      parent,
    );
  }
}

function ruleOf(proxy: pulumi.CustomResource, { address, labels }: Entrance) {
  return { target: proxy.id, ipAddress: address.id, loadBalancingScheme: SCHEME, labels };
}

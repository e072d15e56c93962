import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { type MonitoringConfig, readMonitoring } from './monitoring-config.ts';
import { MEMBER, MEMBERS, Settings } from './settings.ts';

/** The settings of one stack, checked. What each means is written in Pulumi.yaml, beside its default. */
export interface StackConfig {
  readonly project: string;
  readonly region: string;
  /** IAM members that may publish. */
  readonly publishers: readonly string[];
  readonly deletionProtection: boolean;
  readonly service: ServiceConfig;
  readonly access: Access;
  /** Whether a job tries the whole way out every five minutes. */
  readonly prober: boolean;
  /** Where Cloud Scheduler starts it from: it is not in every region. */
  readonly schedulerRegion: string;
  /** Undefined declares none. */
  readonly monitoring: MonitoringConfig | undefined;
  /** On every resource that takes labels, so that costs can be told apart. */
  readonly labels: Readonly<Record<string, string>>;
}

/** How the API runs on Cloud Run. */
export interface ServiceConfig {
  readonly image: string;
  readonly minInstances: number;
  readonly maxInstances: number;
  /** Requests that one instance answers at one time. */
  readonly concurrency: number;
  readonly cpuAllocation: CpuAllocation;
  readonly startupCpuBoost: boolean;
  readonly requestTimeoutSeconds: number;
  /** How old what the API answers may be before it asks the warehouse again. */
  readonly freshnessSeconds: number;
  readonly logLevel: LogLevel;
  /** From one address, that one instance answers. */
  readonly anonymousRequestsPerMinute: number;
  /** Whether the API reads the list of API keys, which must be there then. */
  readonly apiKeys: boolean;
  /** Whether Google's front end is before the API. */
  readonly behindFrontEnd: boolean;
  /** Where a sidecar fetches metrics; 0 serves none. */
  readonly metricsPort: number;
  /** Base URL of a collector of traces; undefined sends none. */
  readonly otlpEndpoint: string | undefined;
  /** Undefined: the newest revision takes every request. */
  readonly rollout: Rollout | undefined;
}

/** Two revisions share the requests. */
export interface Rollout {
  readonly stableRevision: string;
  /** What the newest revision takes, 0 to 100; the stable one takes the rest. */
  readonly canaryPercent: number;
}

/** Who may call the API, and how it is reached. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'private'; readonly invokers: readonly string[] }
  | ({ readonly kind: 'load-balancer' } & LoadBalancerConfig);

export interface LoadBalancerConfig {
  readonly domain: string;
  readonly cdn: boolean;
  /** From one address; what is above is answered 429. */
  readonly clientRequestsPerMinute: number;
}

type CpuAllocation = (typeof CPU_ALLOCATIONS)[number];
type LogLevel = (typeof LOG_LEVELS)[number];

const ACCESS_KINDS = ['public', 'private', 'load-balancer'] as const;
const CPU_ALLOCATIONS = ['request', 'always'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** A tag can be moved to another image after a review. One of this machine (localhost) reaches no cloud. */
const IMAGE = /^([\w.-]+\.[\w.-]+(\/[\w.-]+)+@sha256:[0-9a-f]{64}|localhost(\/[\w.-]+)+:[\w.-]+)$/;

/** https://docs.cloud.google.com/run/docs/managing/revisions: at most 63 characters */
const REVISION = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** Throws pulumi.RunError with every mistake of the stack's configuration. */
export function readConfig(): StackConfig {
  const settings = new Settings();
  const stack = pulumi.getStack();
  const config: StackConfig = {
    ...settings.provider(gcp.config),
    publishers: settings.list('publishers', MEMBER, MEMBERS),
    deletionProtection: settings.flag('deletionProtection', true),
    service: readService(settings, stack),
    access: readAccess(settings),
    prober: settings.flag('prober', true),
    schedulerRegion: settings.text('schedulerRegion') ?? 'southamerica-east1',
    monitoring: readMonitoring(settings),
    labels: { system: 'records', stack },
  };
  settings.throwIfWrong();
  return config;
}

function readService(settings: Settings, stack: string): ServiceConfig {
  const maxInstances = settings.integer('maxInstances', 4, 1, 100);
  return {
    image: settings.matching(
      'image',
      IMAGE,
      'an image by its digest, such as HOST/PROJECT/REPOSITORY/api@sha256:…',
      `To build one and set it: pnpm ops image -s ${stack}`,
    ),
    minInstances: settings.integer('minInstances', 0, 0, maxInstances),
    maxInstances,
    concurrency: settings.integer('concurrency', 80, 1, 1000),
    cpuAllocation: settings.oneOf('cpuAllocation', CPU_ALLOCATIONS, 'request'),
    startupCpuBoost: settings.flag('startupCpuBoost', true),
    // An export has no length, and the API itself gives up on BigQuery after 8 s and on a reader that takes nothing after 300.
    requestTimeoutSeconds: settings.integer('requestTimeoutSeconds', 3600, 1, 3600),
    freshnessSeconds: settings.integer('freshnessSeconds', 60, 1, 3600),
    logLevel: settings.oneOf('logLevel', LOG_LEVELS, 'info'),
    anonymousRequestsPerMinute: settings.integer('anonymousRequestsPerMinute', 600, 1, 1_000_000),
    apiKeys: settings.flag('apiKeys', false),
    behindFrontEnd: settings.flag('behindFrontEnd', true),
    metricsPort: settings.integer('metricsPort', 0, 0, 65_535),
    otlpEndpoint: settings.text('otlpEndpoint'),
    rollout: readRollout(settings),
  };
}

function readRollout(settings: Settings): Rollout | undefined {
  const canaryPercent = settings.integer('canaryPercent', 0, 0, 100);
  if (settings.text('stableRevision') === undefined) {
    const reason = 'without stableRevision there is nothing to share the requests with';
    settings.refuse('canaryPercent', canaryPercent !== 0, reason);
    return undefined;
  }
  const rule = 'the name of a revision of the service, such as records-api-00002-abc';
  return { stableRevision: settings.matching('stableRevision', REVISION, rule), canaryPercent };
}

function readAccess(settings: Settings): Access {
  const kind = settings.oneOf('access', ACCESS_KINDS, 'private');
  const invokers = settings.list('invokers', MEMBER, MEMBERS);
  if (kind !== 'private') {
    settings.refuse('invokers', invokers.length > 0, `access is ${kind}: anybody may call the API`);
  }
  if (kind !== 'load-balancer') {
    const isGiven = settings.text('domain') !== undefined;
    settings.refuse('domain', isGiven, `access is ${kind}: only a load balancer has a domain`);
  }
  if (kind === 'private') return { kind, invokers };
  if (kind === 'public') return { kind };
  const rule = 'a host name of yours, such as records.example.com, when access is load-balancer';
  return {
    kind,
    domain: settings.matching('domain', DOMAIN, rule),
    cdn: settings.flag('cdn', true),
    clientRequestsPerMinute: settings.integer('clientRequestsPerMinute', 600, 1, 1_000_000),
  };
}

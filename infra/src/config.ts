import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { readMonitoring } from './monitoring-config.ts';
import { REGION } from './names.ts';
import { gibFor, pricesIn } from './prices.ts';
import { MEMBER, MEMBERS, Settings } from './settings.ts';

// Pulumi.yaml describes each setting, with its unit and range, next to its default.

/** The checked settings of a stack. */
export type StackConfig = ReturnType<typeof readConfig>;
/** How the API runs on Cloud Run. */
export type ServiceConfig = ReturnType<typeof readService>;
/** Who may call the API, and how it is reached. */
export type Access = ReturnType<typeof readAccess>;
export type LoadBalancerConfig = Extract<Access, { kind: 'load-balancer' }>;

const ACCESS_KINDS = ['public', 'private', 'load-balancer'] as const;
const CPU_ALLOCATIONS = ['request', 'always'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

const DAYS_PER_MONTH = 30;

const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** Throws pulumi.RunError with every mistake in the stack's configuration. */
export function readConfig() {
  const settings = new Settings();
  const stack = pulumi.getStack();
  const config = {
    ...settings.provider(gcp.config),
    publishers: settings.list('publishers', MEMBER, MEMBERS),
    analysts: settings.list('analysts', MEMBER, MEMBERS),
    queryGibPerAccountPerDay: settings.integer('queryGibPerAccountPerDay', 0, 0, 10_000_000),
    privacyOfficers: settings.list('privacyOfficers', MEMBER, MEMBERS),
    deletionProtection: settings.flag('deletionProtection', true),
    service: readService(settings),
    access: readAccess(settings),
    prober: settings.flag('prober', true),
    schedulerRegion:
      settings.optional('schedulerRegion', REGION.pattern, REGION.rule) ?? 'southamerica-east1',
    eventualConsistency: settings.flag('eventualConsistency', true),
    monitoring: readMonitoring(settings),
    /** On every resource that takes labels, to tell costs apart. */
    labels: { system: 'records', stack },
  };
  const { listBudgetUsd, lookupBudgetUsd, maxInstances } = config.service;
  const { isKnown, query } = pricesIn(config.region);
  // Google applies the quota to the API's account, too, which would serve old lists for the rest of the day.
  const ofApi = Math.ceil(gibFor(listBudgetUsd + lookupBudgetUsd, query.usd) / DAYS_PER_MONTH);
  const quota = config.queryGibPerAccountPerDay;
  settings.check(
    'queryGibPerAccountPerDay',
    quota,
    quota === 0 || quota >= ofApi,
    `0 for no limit, or at least ${ofApi}, what the API itself may bill a day (listBudgetUsd, lookupBudgetUsd)`,
  );
  settings.throwIfWrong();
  if (!isKnown) {
    void pulumi.log.warn(
      `infra/src/prices.ts has no prices of ${config.region}. Budgets of queries count with ${query.usd} USD per TiB, the dearest known: add the region.`,
    );
  }
  return {
    ...config,
    /** What the queries of lists may scan. GiB per month. */
    listGibPerMonth: gibFor(listBudgetUsd, query.usd),
    /** What the look-ups of one instance may scan. GiB per month. */
    lookupGibPerMonth: gibFor(lookupBudgetUsd / maxInstances, query.usd),
  };
}

function readService(settings: Settings) {
  const maxInstances = settings.integer('maxInstances', 4, 1, 100);
  return {
    minInstances: settings.integer('minInstances', 0, 0, maxInstances),
    maxInstances,
    concurrency: settings.integer('concurrency', 80, 1, 1000),
    cpuAllocation: settings.oneOf('cpuAllocation', CPU_ALLOCATIONS, 'request'),
    startupCpuBoost: settings.flag('startupCpuBoost', true),
    // An export has no length limit. The API itself ends slow queries and connections that nobody reads.
    requestTimeoutSeconds: settings.integer('requestTimeoutSeconds', 3600, 1, 3600),
    freshnessSeconds: settings.integer('freshnessSeconds', 60, 1, 3600),
    listBudgetUsd: settings.integer('listBudgetUsd', 30, 1, 1_000_000),
    lookupBudgetUsd: settings.integer('lookupBudgetUsd', 20, 1, 1_000_000),
    listTimePercent: settings.integer('listTimePercent', 10, 1, 100),
    logLevel: settings.oneOf('logLevel', LOG_LEVELS, 'info'),
    anonymousRequestsPerMinute: settings.integer('anonymousRequestsPerMinute', 600, 1, 1_000_000),
    apiKeys: settings.flag('apiKeys', false),
    behindFrontEnd: settings.flag('behindFrontEnd', true),
    metricsPort: settings.integer('metricsPort', 0, 0, 65_535),
    otlpEndpoint: settings.optional(
      'otlpEndpoint',
      /^https?:\/\/[^\s?#]+$/,
      'a URL that starts with http:// or https://',
    ),
  };
}

function readAccess(settings: Settings) {
  const kind = settings.oneOf('access', ACCESS_KINDS, 'private');
  const invokers = settings.list('invokers', MEMBER, MEMBERS);
  if (kind !== 'private') {
    settings.refuse('invokers', invokers.length > 0, `access is ${kind}, so anybody may call the API`);
  }
  if (kind !== 'load-balancer') {
    const isGiven = settings.text('domain') !== undefined;
    settings.refuse('domain', isGiven, `access is ${kind}, and only a load balancer has a domain`);
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

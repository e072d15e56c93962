import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import {
  fleetDashboard,
  type Limits,
  LOG_METRICS,
  OBJECTIVES,
  type Policy,
  policiesFor,
  serviceDashboard,
} from '@records/monitoring';
import type { StackConfig } from '../config.ts';
import type { MonitoringConfig } from '../monitoring-config.ts';
import { operatorSettings } from '../operator-settings.ts';
import type { Patience } from '../patience.ts';
import { conditionArgs, documentationOf, strategyOf } from './alert-policy.ts';
import { logMetricArgs } from './log-metric.ts';
import type { RecordsApi } from './records-api.ts';
import { indicatorArgs } from './service-level.ts';

export interface MonitoringArgs
  extends Pick<
      StackConfig,
      'project' | 'access' | 'service' | 'labels' | 'prober' | 'privacyOfficers' | 'listGibPerMonth'
    >,
    MonitoringConfig {
  readonly api: RecordsApi;
  readonly patience: Patience;
  /** Billing answers with it whatever it is told. */
  readonly projectNumber: pulumi.Input<string>;
}

/** Objectives, alert policies, dashboards, the uptime check and the billing budget, from the data of packages/monitoring. */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Monitoring', name, {}, options);
    const metrics = LOG_METRICS.map(
      (metric) =>
        new gcp.logging.Metric(metric.name, logMetricArgs(metric), {
          parent: this,
          hooks: args.patience.metric,
        }),
    );
    const service = new gcp.monitoring.CustomService(
      name,
      { serviceId: name, displayName: 'Records', userLabels: args.labels },
      { parent: this },
    );
    const slos = OBJECTIVES.map(
      (objective) =>
        new gcp.monitoring.Slo(
          objective.id,
          {
            service: service.serviceId,
            sloId: objective.id,
            displayName: objective.title,
            goal: objective.goal,
            rollingPeriodDays: objective.windowDays,
            userLabels: args.labels,
            ...indicatorArgs(objective.cloud),
          },
          // A metric without data must at least be declared.
          { parent: this, dependsOn: metrics, hooks: args.patience.usesMetric },
        ),
    );
    this.#declarePolicies(args, slos, this.#uptimeCheck(args), metrics);
    const {
      billedGibPerHour,
      listGibPerMonth,
      service: { maxInstances },
    } = args;
    for (const [id, dashboard] of [
      ['service', serviceDashboard({ billedGibPerHour, listGibPerMonth, maxInstances, uptimeCheck: '' })],
      ['fleet', fleetDashboard()],
    ] as const) {
      new gcp.monitoring.Dashboard(
        `${name}-${id}`,
        { dashboardJson: JSON.stringify(dashboard, asGoogleAnswers) },
        { parent: this, dependsOn: metrics },
      );
    }
    this.#declareBudget(name, args);
    this.registerOutputs();
  }

  #declarePolicies(
    {
      labels,
      service,
      prober,
      privacyOfficers,
      billedGibPerHour,
      listGibPerMonth,
      pageChannels,
      ticketChannels,
      patience,
    }: MonitoringArgs,
    slos: readonly gcp.monitoring.Slo[],
    uptimeCheck: gcp.monitoring.UptimeCheckConfig | undefined,
    metrics: readonly gcp.logging.Metric[],
  ): void {
    const limits = { billedGibPerHour, listGibPerMonth, maxInstances: service.maxInstances };
    const named = pulumi
      .all([pulumi.all(slos.map(({ name }) => name)), uptimeCheck?.uptimeCheckId ?? ''])
      .apply(([names, check]) => byId({ ...limits, uptimeCheck: check }, names));
    const declared = policiesFor({ ...limits, uptimeCheck: '' });
    const has = { 'uptime check': uptimeCheck !== undefined, prober, sweep: privacyOfficers.length > 0 };
    for (const policy of declared.filter(({ needs }) => needs === undefined || has[needs])) {
      const { id, title, severity } = policy;
      const channels = severity === 'page' ? pageChannels : ticketChannels;
      new gcp.monitoring.AlertPolicy(
        id,
        {
          displayName: title,
          severity: severity === 'page' ? 'CRITICAL' : 'WARNING',
          combiner: 'AND',
          conditions: named.apply((policies) => (policies.get(id)?.conditions ?? []).map(conditionArgs)),
          ...(channels.length > 0 && { notificationChannels: [...channels] }),
          alertStrategy: strategyOf(policy),
          documentation: documentationOf(policy),
          userLabels: { ...labels, severity },
        },
        { parent: this, dependsOn: [...metrics], hooks: patience.usesMetric },
      );
    }
  }

  /** Google's checks carry no identity, so a private service refuses them. */
  #uptimeCheck({
    access,
    api,
    labels,
    project,
  }: MonitoringArgs): gcp.monitoring.UptimeCheckConfig | undefined {
    if (access.kind === 'private') return undefined;
    const host = api.url.apply((url) => new URL(url).hostname);
    return new gcp.monitoring.UptimeCheckConfig(
      'records-api',
      {
        displayName: 'records-api',
        httpCheck: { path: '/health/ready', port: 443, useSsl: true, validateSsl: true },
        monitoredResource: { type: 'uptime_url', labels: { project_id: project, host } },
        period: '60s',
        timeout: '10s',
        userLabels: labels,
      },
      { parent: this },
    );
  }

  #declareBudget(name: string, { project, projectNumber, budget, ticketChannels }: MonitoringArgs): void {
    if (!budget) return;
    // Google refuses a person's calls of this API unless they name a project for the quota.
    const provider = new gcp.Provider(
      `${name}-billing`,
      { ...operatorSettings(), project, billingProject: project, userProjectOverride: true },
      { parent: this },
    );
    new gcp.billing.Budget(
      name,
      {
        billingAccount: budget.billingAccount,
        displayName: `Records in ${project}`,
        budgetFilter: { projects: [pulumi.interpolate`projects/${projectNumber}`] },
        amount: { specifiedAmount: { units: String(budget.monthly) } },
        thresholdRules: [0.5, 0.9, 1].map((thresholdPercent) => ({ thresholdPercent })),
        ...(ticketChannels.length > 0 && {
          allUpdatesRule: { monitoringNotificationChannels: [...ticketChannels] },
        }),
      },
      { parent: this, provider },
    );
  }
}

/** For JSON.stringify: leaves out what Google does not answer, so that no later update finds it missing. */
function asGoogleAnswers(_key: string, value: unknown): unknown {
  const isLeftOut =
    value === 0 || value === false || value === '' || (Array.isArray(value) && value.length === 0);
  return isLeftOut ? undefined : value;
}

function byId(limits: Limits, sloNames: readonly string[]): ReadonlyMap<string, Policy> {
  const nameOf = (wanted: { id: string }) =>
    sloNames[OBJECTIVES.findIndex(({ id }) => id === wanted.id)] ?? '';
  return new Map(policiesFor(limits, nameOf).map((policy) => [policy.id, policy]));
}

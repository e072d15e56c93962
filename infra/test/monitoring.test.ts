import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '@records/local-cloud';
import { type Dashboard, OBJECTIVES } from '@records/monitoring';
import { EVERYTHING, inputsByName, planOf, REGION } from './support/plans.ts';

const POLICY = 'gcp:monitoring/alertPolicy:AlertPolicy';
const ON_CALL = 'projects/example-prod/notificationChannels/1';
const QUEUE = 'projects/example-prod/notificationChannels/2';

interface PolicyInputs {
  readonly conditions: readonly {
    readonly conditionThreshold?: {
      readonly filter: string;
      readonly thresholdValue: number;
      readonly aggregations?: readonly {
        readonly alignmentPeriod: string;
        readonly crossSeriesReducer: string;
        readonly groupByFields?: readonly string[];
      }[];
    };
    readonly conditionPrometheusQueryLanguage?: { readonly query: string };
    readonly conditionMatchedLog?: { readonly filter: string };
  }[];
  readonly notificationChannels: readonly string[];
  readonly severity: string;
  readonly documentation: { readonly content: string };
}

let planned: Plan;
let policies: Record<string, PolicyInputs>;

beforeAll(async () => {
  planned = await planOf('prod', EVERYTHING);
  policies = inputsByName(planned, POLICY) as unknown as Record<string, PolicyInputs>;
});

function filtersOf({ conditions }: PolicyInputs): string[] {
  return conditions.map(
    ({ conditionThreshold, conditionMatchedLog, conditionPrometheusQueryLanguage }) =>
      conditionThreshold?.filter ??
      conditionMatchedLog?.filter ??
      conditionPrometheusQueryLanguage?.query ??
      '',
  );
}

describe('the alert policies of a stack', () => {
  it('watch services, topics, subscriptions and metrics that the stack declares', () => {
    const names = new Set(planned.resources.map(({ inputs }) => String(inputs.name ?? inputs.displayName)));
    const indicators = Object.values(inputsByName(planned, 'gcp:monitoring/slo:Slo')).map((slo) =>
      JSON.stringify(slo).replaceAll('\\"', '"'),
    );
    const watched = [...Object.values(policies).flatMap(filtersOf), ...indicators]
      .flatMap((filter) => [
        ...filter.matchAll(
          /(?:service_name|job_name|topic_id|subscription_id|check_id)="([^"]+)"|\/user\/([\w/]+)"/g,
        ),
      ])
      .map(([, label, metric]) => label ?? metric ?? '');
    expect(new Set(watched).size).toBeGreaterThan(5);
    expect([...new Set(watched)].filter((name) => !names.has(name))).toEqual([]);
  });

  it('measure burn rates of objectives that the stack declares', () => {
    const declared = planned.resources.filter(({ type }) => type === 'gcp:monitoring/slo:Slo');
    expect(declared.map(({ name }) => name).sort()).toEqual(OBJECTIVES.map(({ id }) => id).sort());
    for (const { id } of OBJECTIVES) {
      const [long, short] = filtersOf(policies[`${id}-burns-14.4x`] as PolicyInputs);
      const slo = `projects/example-prod/services/records/serviceLevelObjectives/${id}`;
      expect(long).toBe(`select_slo_burn_rate("${slo}", "3600s")`);
      expect(short).toBe(`select_slo_burn_rate("${slo}", "300s")`);
    }
  });

  it('notify the page channels for pages only, and name a runbook', () => {
    for (const { notificationChannels, severity, documentation } of Object.values(policies)) {
      expect(notificationChannels).toEqual([severity === 'CRITICAL' ? ON_CALL : QUEUE]);
      expect(documentation.content).toMatch(/docs\/runbooks\/[a-z-]+\.md/);
    }
  });

  it('count only 5xx against the API', () => {
    const slo = inputsByName(planned, 'gcp:monitoring/slo:Slo').availability;
    expect(JSON.stringify(slo)).toContain('response_code_class=\\"5xx\\"');
  });

  it('measure each project of a scope by itself, and notify once about the worst', () => {
    const aggregationsOf = (id: string) =>
      policies[id]?.conditions[0]?.conditionThreshold?.aggregations?.map(
        ({ crossSeriesReducer, groupByFields }) => [crossSeriesReducer, groupByFields],
      );
    const byProject = ['resource.label.project_id'];
    expect(aggregationsOf('cost-runaway')).toEqual([
      ['REDUCE_SUM', byProject],
      ['REDUCE_MAX', undefined],
    ]);
    expect(aggregationsOf('certificate-expires')).toEqual([
      ['REDUCE_MIN', byProject],
      ['REDUCE_MIN', undefined],
    ]);
  });

  it('watch the budget of lists by the sum of a distribution that the stack declares', () => {
    const [{ conditionPrometheusQueryLanguage: promql } = {}] = policies['list-budget']?.conditions ?? [];
    // 80 % of a thirtieth of 3437 GiB.
    expect(promql?.query).toBe(
      'max(sum by (project_id) (increase(logging_googleapis_com:user_records_list_bytes_sum{monitored_resource="cloud_run_revision",service_name="records-api"}[86400s]))) > 98412017309',
    );
    expect(inputsByName(planned, 'gcp:logging/metric:Metric')['records/list_bytes']).toMatchObject({
      valueExtractor: 'EXTRACT(jsonPayload.list.bytesBilled)',
      metricDescriptor: { valueType: 'DISTRIBUTION' },
    });
  });

  it('look back 25 hours at most', () => {
    const seconds = Object.values(policies).flatMap(({ conditions }) =>
      conditions.map(({ conditionThreshold, conditionPrometheusQueryLanguage: promql }) =>
        promql
          ? Number(/\[(\d+)s\]/.exec(promql.query)?.[1])
          : (conditionThreshold?.aggregations ?? []).reduce(
              (total, { alignmentPeriod }) => total + Number.parseInt(alignmentPeriod, 10),
              0,
            ),
      ),
    );
    expect(Math.max(...seconds)).toBeGreaterThan(24 * 3600 - 1);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(25 * 3600);
  });

  it('take the limits of cost and instances from the settings of the stack', () => {
    const thresholdOf = (id: string) => policies[id]?.conditions[0]?.conditionThreshold?.thresholdValue;
    expect(thresholdOf('cost-runaway')).toBe(20 * 1024 ** 3);
    expect(thresholdOf('instances-near-maximum')).toBe(8);
  });
});

it('the budget notifies at 50 %, 90 % and 100 %', () => {
  expect(inputsByName(planned, 'gcp:billing/budget:Budget').records).toMatchObject({
    amount: { specifiedAmount: { units: '50' } },
    thresholdRules: [{ thresholdPercent: 0.5 }, { thresholdPercent: 0.9 }, { thresholdPercent: 1 }],
    allUpdatesRule: { monitoringNotificationChannels: [QUEUE] },
  });
});

it('the budget is declared with every gcp: setting of the operator, and the quota of the stack’s project', async () => {
  const operator = {
    accessToken: 'token',
    impersonateServiceAccount: 'ops@example.com',
    requestTimeout: '60s',
  };
  const settings = Object.fromEntries(Object.entries(operator).map(([key, value]) => [`gcp:${key}`, value]));
  const { resources } = await planOf('prod', { ...EVERYTHING, ...settings, 'gcp:scopes': '["a"]' });
  const providers = resources.filter(({ type }) => type === 'pulumi:providers:gcp');
  expect(providers.map(({ inputs }) => inputs)).toEqual([
    {
      ...operator,
      scopes: '["a"]',
      project: 'example-prod',
      region: REGION,
      billingProject: 'example-prod',
      userProjectOverride: 'true',
    },
  ]);
});

it('the dashboards have tiles that do not overlap', () => {
  const dashboards = Object.values(inputsByName(planned, 'gcp:monitoring/dashboard:Dashboard')).map(
    ({ dashboardJson }) => JSON.parse(String(dashboardJson)) as Dashboard,
  );
  expect(dashboards).toHaveLength(2);
  expect(JSON.stringify(dashboards)).toContain(`"label":"ticket","value":8`);
  for (const { mosaicLayout } of dashboards) {
    const places = mosaicLayout.tiles.map(({ xPos, yPos }) => `${xPos},${yPos}`);
    expect(new Set(places).size).toBe(places.length);
  }
});

it('a private stack has no uptime check, because Google has no access, and no alert on one', async () => {
  const staging = await planOf('staging');
  expect(inputsByName(staging, 'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig')).toEqual({});
  expect(Object.keys(inputsByName(staging, POLICY))).not.toContain('unreachable');
});

import { type Prices, pricesIn } from '@records/infra/prices';

/** A resource of a plan, as far as it has a price. */
interface Resource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The priced parts of a stack. */
export interface Declared {
  readonly region: string;
  readonly prices: Prices;
  /** Seconds. */
  readonly window: number;
  readonly listGib: number;
  /** Of all instances. */
  readonly lookupGib: number;
  readonly warmInstances: number;
  readonly isCpuAlways: boolean;
  /** GiB of an instance of the API, and of the prober. */
  readonly memory: number;
  readonly conditions: number;
  readonly hasUptimeCheck: boolean;
  readonly hasProber: boolean;
  readonly hasSweep: boolean;
  readonly forwardingRules: number;
  readonly armorRules: number;
}

/** What the plan of a stack declares. Throws TypeError for a plan that is no stack's. */
export function declaredIn(resources: readonly Resource[], region: string): Declared {
  const of = (type: string) => resources.filter((resource) => resource.type === `gcp:${type}`);
  const [service] = of('cloudrunv2/service:Service');
  if (!service) throw new TypeError('the plan declares no API');
  const { scaling, template } = service.inputs as unknown as Service;
  const [container] = template.containers;
  const variable = (name: string) => Number(container?.envs.find((env) => env.name === name)?.value);
  return {
    region,
    prices: pricesIn(region),
    window: variable('FRESHNESS_SECONDS'),
    listGib: variable('LIST_GIB_PER_MONTH'),
    lookupGib: variable('LOOKUP_GIB_PER_MONTH') * (scaling.maxInstanceCount ?? 0),
    warmInstances: scaling.minInstanceCount ?? 0,
    isCpuAlways: container?.resources.cpuIdle !== true,
    memory: Number.parseInt(container?.resources.limits.memory ?? '', 10) / 1024,
    conditions: of('monitoring/alertPolicy:AlertPolicy').reduce(
      (sum, { inputs }) => sum + (inputs.conditions as readonly unknown[]).length,
      0,
    ),
    hasUptimeCheck: of('monitoring/uptimeCheckConfig:UptimeCheckConfig').length > 0,
    hasProber: of('cloudscheduler/job:Job').some(({ name }) => name === 'records-probe'),
    hasSweep: of('cloudscheduler/job:Job').some(({ name }) => name === 'records-sweep'),
    forwardingRules: of('compute/globalForwardingRule:GlobalForwardingRule').length,
    armorRules: of('compute/securityPolicy:SecurityPolicy').reduce(
      (sum, { inputs }) => sum + (inputs.rules as readonly unknown[]).length,
      0,
    ),
  };
}

interface Service {
  readonly scaling: { readonly minInstanceCount?: number; readonly maxInstanceCount?: number };
  readonly template: {
    readonly containers: readonly {
      readonly envs: readonly { readonly name: string; readonly value?: string }[];
      readonly resources: { readonly limits: { readonly memory: string }; readonly cpuIdle?: boolean };
    }[];
  };
}

import { expect, it } from '@jest/globals';
import type { PlannedResource } from '@records/local-cloud';
import { VARIATIONS } from '../plans/variations.ts';
import { cachedPlan } from './support/plan-cache.ts';

/**
 * Google's APIs answer without zero, false and empty values. A program that declares one finds it missing at the next refresh, and
 * plans a change that nobody asked for. https://protobuf.dev/programming-guides/json/#presence
 */
const SENT_FOR_A_REASON: Readonly<Record<string, string>> = {
  'gcp:bigquery/table:Table deletionProtection': "the provider's own, true by default",
  'gcp:bigquery/table:Table view.useLegacySql':
    'true by default, and the provider reads its absence as false',
  'gcp:cloudrunv2/job:Job deletionProtection': "the provider's own, true by default",
  'gcp:cloudrunv2/service:Service deletionProtection': "the provider's own, true by default",
  'gcp:cloudrunv2/job:Job template.template.maxRetries': 'three by default, so the provider sends zero, too',
  'gcp:compute/uRLMap:URLMap defaultUrlRedirect.stripQuery':
    'the provider requires it, and reads its absence as false',
  'gcp:pubsub/subscription:Subscription expirationPolicy.ttl':
    'an empty policy never expires, and none expires after 31 days',
};

/** Where Google answers the number of a project, whatever was sent. */
const BY_NUMBER = ['gcp:billing/budget:Budget budgetFilter.projects'];

it.each(VARIATIONS)(
  '$name declares no value that Google drops or rewrites',
  async ({ project, stack, config, environment }) => {
    const { resources } = await cachedPlan(project, stack, config, { environment });
    const values = resources.filter(({ type }) => type.startsWith('gcp:')).flatMap(valuesOf);
    expect(values.length).toBeGreaterThan(50);
    const dropped = values.filter(({ place, value }) => isDropped(value) && !(place in SENT_FOR_A_REASON));
    const rewritten = values.filter(
      ({ place, value }) => BY_NUMBER.includes(place) && !/^projects\/\d+$/.test(String(value)),
    );
    expect(
      [...dropped, ...rewritten].map(
        ({ name, place, value }) => `${place} of "${name}" is ${JSON.stringify(value)}`,
      ),
    ).toEqual([]);
  },
  120_000,
);

it('each exception is declared by a plan', async () => {
  const all = await Promise.all(
    VARIATIONS.map(({ project, stack, config, environment }) =>
      cachedPlan(project, stack, config, { environment }),
    ),
  );
  const places = new Set(
    all
      .flatMap(({ resources }) => resources.flatMap(valuesOf))
      .filter(({ value }) => isDropped(value))
      .map(({ place }) => place),
  );
  expect(Object.keys(SENT_FOR_A_REASON).filter((place) => !places.has(place))).toEqual([]);
});

interface Value {
  readonly name: string;
  /** Type and path, without the indexes of lists. */
  readonly place: string;
  readonly value: unknown;
}

function isDropped(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === 0 || value === false || value === '' || value === null;
}

/** Every leaf of the inputs, those of JSON texts such as dashboards included. */
function valuesOf({ type, name, inputs }: PlannedResource): Value[] {
  const leaves = (value: unknown, path: readonly string[]): Value[] => {
    const inside = typeof value === 'string' && /^[[{]/.test(value) ? parsed(value) : value;
    if (typeof inside !== 'object' || inside === null || isDropped(inside)) {
      return [{ name, place: `${type} ${path.join('.')}`, value: inside }];
    }
    return Object.entries(inside).flatMap(([key, item]) =>
      leaves(item, Array.isArray(inside) ? path : [...path, key]),
    );
  };
  return leaves(inputs, []);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // It only starts like JSON.
  }
}

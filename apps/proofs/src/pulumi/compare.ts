import type { Plan } from '@records/local-cloud';
import type { Previewed } from './real-pulumi.ts';

/** What a preview does not know. */
const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
/** Names the inputs that the provider adds by itself. */
const DEFAULTS = '__defaults';
/** A provider's inputs are the engine's own business. */
const isProvider = (type: string) => type.startsWith('pulumi:providers:');

/** Where the plan of our engine and a preview of Pulumi's own differ; a sentence for each. */
export function differencesOf(planned: Plan, previewed: readonly Previewed[]): string[] {
  const real = new Map(previewed.filter(({ type }) => !isProvider(type)).map((item) => [item.urn, item]));
  const ours = new Map(
    planned.resources.filter(({ type }) => !isProvider(type)).map((item) => [item.urn, item]),
  );
  return [
    ...[...real.keys()].filter((urn) => !ours.has(urn)).map((urn) => `the plan lacks ${nameOf(urn)}`),
    ...[...ours.values()].flatMap(({ urn, inputs }) => {
      const there = real.get(urn);
      if (!there) return [`Pulumi does not create ${nameOf(urn)}`];
      return unlike(inputs, there.inputs ?? {}, '').map((difference) => `${nameOf(urn)}: ${difference}`);
    }),
  ];
}

function unlike(ours: unknown, real: unknown, path: string): string[] {
  // Our engine knows an output where Pulumi waits for Google.
  if (real === UNKNOWN) return [];
  if (!isObject(ours) || !isObject(real)) {
    if (sameText(ours, real)) return [];
    return [`${path || 'its inputs'} is ${shown(ours)} in the plan, and ${shown(real)} in Pulumi`];
  }
  const added = new Set(Array.isArray(real[DEFAULTS]) ? real[DEFAULTS] : []);
  const keys = new Set([...Object.keys(ours), ...Object.keys(real)]);
  return [...keys]
    .filter((key) => key !== DEFAULTS && !(added.has(key) && !(key in ours)))
    .flatMap((key) => unlike(ours[key], real[key], path === '' ? key : `${path}.${key}`));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A provider may write a JSON text anew. */
function sameText(ours: unknown, real: unknown): boolean {
  return (
    ours === real || (typeof ours === 'string' && typeof real === 'string' && normal(ours) === normal(real))
  );
}

function normal(text: string): string {
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return text; // It only starts like JSON.
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

function nameOf(urn: string): string {
  const [, , types = '', name] = urn.split('::');
  return `${types.slice(types.lastIndexOf('$') + 1)} "${name}"`;
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 200) ?? 'absent';
}

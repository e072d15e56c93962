import { type Json, NULL_JSON, objectOf } from '../../json.ts';
import { isNull, type JsonSteps } from './json-text.ts';

// Functions that change a value of type JSON. A value of another kind than its path names stays as it is.

/** Makes the new value of what is at the end of a path; undefined removes it, and the same value changes nothing. */
type Change = (json: Json | undefined) => Json | undefined;

/** No array is longer than that after a change. */
const MAX_ITEMS = 1_000_000;

export class JsonTooLargeError extends Error {
  override readonly name = 'JsonTooLargeError';
}

/** `creates` says whether the way to a value that is missing is made. */
export function changedAt(json: Json, steps: JsonSteps, change: Change, creates: boolean): Json {
  return changed(json, steps, change, creates) ?? NULL_JSON;
}

function changed(
  json: Json | undefined,
  steps: JsonSteps,
  change: Change,
  creates: boolean,
): Json | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return change(json);
  const isMissing = json === undefined || isNull(json);
  if (isMissing && !creates) return json;
  if (typeof step === 'string') {
    if (!isMissing && json.kind !== 'object') return json;
    const members = !isMissing && json.kind === 'object' ? json.members : [];
    const own = members.find(([name]) => name === step)?.[1];
    if (own === undefined && !creates) return json;
    const next = changed(own, rest, change, creates);
    const others = members.filter(([name]) => name !== step);
    return objectOf(next === undefined ? others : [...others, [step, next]]);
  }
  if (!isMissing && json.kind !== 'array') return json;
  const items = !isMissing && json.kind === 'array' ? json.items : [];
  if (step < 0 || (step >= items.length && !creates)) return json;
  const next = changed(items[step], rest, change, creates);
  if (next === undefined) return { kind: 'array', items: items.toSpliced(step, 1) };
  return { kind: 'array', items: padded(items, step).with(step, next) };
}

/** The items with nulls up to an index. */
function padded(items: readonly Json[], index: number): readonly Json[] {
  if (index >= MAX_ITEMS) throw new JsonTooLargeError(`Exceeded maximum array size of ${MAX_ITEMS}`);
  return [...items, ...Array<Json>(Math.max(0, index + 1 - items.length)).fill(NULL_JSON)];
}

/** Appends to an array; null becomes one, and anything else stays. */
export function appended(json: Json | undefined, values: readonly Json[]): Json | undefined {
  if (json === undefined || (json.kind !== 'array' && !isNull(json))) return json;
  const items = json.kind === 'array' ? json.items : [];
  return { kind: 'array', items: [...items, ...values] };
}

/** Inserts before the item at an index; null becomes an array, and anything else stays. */
export function inserted(json: Json | undefined, index: number, values: readonly Json[]): Json | undefined {
  if (json === undefined || index < 0 || (json.kind !== 'array' && !isNull(json))) return json;
  const items = json.kind === 'array' ? json.items : [];
  const before = index > items.length ? padded(items, index - 1) : items;
  return { kind: 'array', items: before.toSpliced(index, 0, ...values) };
}

interface Stripping {
  readonly arrays: boolean;
  readonly empty: boolean;
}

/** Without nulls; undefined when nothing is left. */
export function stripped(json: Json, how: Stripping): Json | undefined {
  if (json.kind === 'array') {
    const items = json.items.flatMap((item) => {
      const left = stripped(item, how);
      return how.arrays ? (left ?? []) : (left ?? (isNull(item) ? NULL_JSON : []));
    });
    return how.empty && how.arrays && items.length === 0 ? undefined : { kind: 'array', items };
  }
  if (json.kind === 'object') {
    const members = json.members.flatMap(([name, value]) => {
      const left = stripped(value, how);
      return left === undefined ? [] : [[name, left] as const];
    });
    return how.empty && members.length === 0 ? undefined : { kind: 'object', members };
  }
  return isNull(json) ? undefined : json;
}

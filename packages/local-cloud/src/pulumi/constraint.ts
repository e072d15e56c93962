/** What a value must be, beyond its type. */
export interface ValueRule {
  /** A phrase that follows "must be". */
  readonly accepted: string;
  accepts(value: unknown): boolean;
}

/** Which properties of one object go together. */
export interface Group {
  readonly kind: 'exactly one' | 'at least one' | 'at most one' | 'the second with the first';
  /** Path of the object; empty for the resource itself. */
  readonly within: string;
  /** Paths below it. */
  readonly of: readonly string[];
}

/**
 * What Google's provider checks of one resource type before it sends anything. Names, types and required properties are
 * not here: @pulumi/gcp declares them. Lists of names are texts with spaces. A path (`rules[].match`) is the program's.
 */
export interface Constraints {
  /** What Google cannot change in place: these paths and everything below them. */
  readonly fixed?: string;
  /** What it can change all the same, below `fixed`. */
  readonly changeable?: string;
  /** Required paths that @pulumi/gcp declares as optional. */
  readonly required?: string;
  readonly groups?: readonly Group[];
  readonly values?: Readonly<Record<string, ValueRule>>;
}

const group =
  (kind: Group['kind']) =>
  (within: string, of: string): Group => ({ kind, within, of: words(of) });

export const exactlyOne = group('exactly one');
export const atLeastOne = group('at least one');
export const atMostOne = group('at most one');
/** The first property needs the second. */
export const needs = group('the second with the first');

export function oneOf(values: string): ValueRule {
  const accepted = words(values);
  return {
    accepted: alternatives(accepted.map((value) => `"${value}"`)),
    accepts: (value) => includes(accepted, value),
  };
}

export function between(minimum: number, maximum: number): ValueRule {
  const accepted = minimum === maximum ? `${minimum}` : `from ${minimum} to ${maximum}`;
  return { accepted, accepts: (value) => Number(value) >= minimum && Number(value) <= maximum };
}

export function atLeast(minimum: number): ValueRule {
  return { accepted: `${minimum} or more`, accepts: (value) => Number(value) >= minimum };
}

/** A number of list items. */
export function items(minimum: number, maximum = Number.POSITIVE_INFINITY): ValueRule {
  const range = Number.isFinite(maximum)
    ? minimum > 0
      ? `${minimum} to ${maximum}`
      : `at most ${maximum}`
    : `at least ${minimum}`;
  return {
    accepted: `a list of ${range}`,
    accepts: (value) => Array.isArray(value) && value.length >= minimum && value.length <= maximum,
  };
}

export function matching(pattern: RegExp, accepted: string): ValueRule {
  return { accepted, accepts: (value) => pattern.test(String(value)) };
}

export function such(accepted: string, accepts: ValueRule['accepts']): ValueRule {
  return { accepted, accepts };
}

/** The rules with their paths below `path`. */
export function under(path: string, rules: Readonly<Record<string, ValueRule>>): Record<string, ValueRule> {
  return Object.fromEntries(Object.entries(rules).map(([below, rule]) => [`${path}.${below}`, rule]));
}

export function words(text: string | undefined): string[] {
  return text ? text.split(' ') : [];
}

/** `a, b or c` */
export function alternatives(names: readonly string[], last = 'or'): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1)}`;
}

function includes(list: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && list.includes(value);
}

import { KindGuard, type Static, type TObject, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

/** A value that came as text and breaks the rule of its name. */
export interface StringIssue {
  readonly name: string;
  /** What was given, shortened; undefined when nothing was. */
  readonly value: string | undefined;
  /** The rule, as a phrase that follows the name: "must be an integer from 1 to 1000". */
  readonly rule: string;
}

export type StringsResult<T extends TObject> =
  | { readonly values: Static<T>; readonly issues?: undefined }
  | { readonly values?: undefined; readonly issues: readonly StringIssue[] };

/** Digits as a person counts: no sign, no leading zero, no exponent, no point, no other base. */
const DECIMAL = /^(0|[1-9][0-9]*)$/;
const EXCERPT_LENGTH = 80;

/**
 * Reads typed values out of text (environment variables, query and path parameters) by a schema of integers, strings,
 * unions of literal strings, and arrays of strings (a name that is given again and again). Strict: text is never rounded, trimmed or guessed at. A schema may say its rule in
 * words as `x-rule`, which an OpenAPI document may carry. Names that the schema does not know are left out of the values. Reports every issue, not the first.
 */
export function readStrings<T extends TObject>(
  schema: T,
  source: Readonly<Record<string, unknown>>,
): StringsResult<T> {
  const values: Record<string, unknown> = {};
  const issues: StringIssue[] = [];
  for (const [name, property] of Object.entries(schema.properties)) {
    const given = source[name];
    if (given === undefined) {
      if (property.default !== undefined) values[name] = property.default;
      else if (schema.required?.includes(name)) issues.push(issueOf(name, undefined, ruleOf(property)));
    } else if (KindGuard.IsArray(property)) {
      const list: unknown[] = Array.isArray(given) ? given : [given];
      if (Value.Check(property, list)) values[name] = list;
      else issues.push(issueOf(name, String(given), ruleOf(property)));
    } else if (typeof given !== 'string') {
      issues.push(issueOf(name, String(given), 'must be given once'));
    } else {
      const value = KindGuard.IsInteger(property) && DECIMAL.test(given) ? Number(given) : given;
      if (Value.Check(property, value)) values[name] = value;
      else issues.push(issueOf(name, given, ruleOf(property)));
    }
  }
  return issues.length > 0 ? { issues } : { values: values as Static<T> };
}

function issueOf(name: string, value: string | undefined, rule: string): StringIssue {
  return { name, value: value === undefined ? undefined : excerpt(value), rule };
}

function ruleOf(schema: TSchema): string {
  if (typeof schema['x-rule'] === 'string') return schema['x-rule'];
  if (KindGuard.IsInteger(schema)) {
    return `must be an integer from ${schema.minimum} to ${schema.maximum}, in decimal digits without sign or leading zeros`;
  }
  if (KindGuard.IsUnion(schema))
    return `must be one of ${schema.anyOf.map(({ const: word }) => word).join(', ')}`;
  return `must be 1 to ${schema.maxLength} characters that match ${schema.pattern}`;
}

/** The first characters of a text, whole ones: at most `length` UTF-16 units. */
export function excerpt(text: string, length = EXCERPT_LENGTH): string {
  return text.length > length ? `${text.slice(0, length - 1).toWellFormed()}…` : text;
}

import { unitPerCharacter } from '@records/records-schema';
import { KindGuard, type Static, type TObject, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

/** A text value that breaks the rule of its name. */
export interface StringIssue {
  readonly name: string;
  /** The given value, shortened; undefined when it is missing. */
  readonly value: string | undefined;
  /** A phrase that follows the name: "must be an integer from 1 to 1000". */
  readonly rule: string;
}

export type StringsResult<T extends TObject> =
  | { readonly values: Static<T>; readonly issues?: undefined }
  | { readonly values?: undefined; readonly issues: readonly StringIssue[] };

/** Without sign, leading zero, exponent, point or other base. */
const DECIMAL = /^(0|[1-9][0-9]*)$/;
const EXCERPT_LENGTH = 80;

/**
 * Reads environment variables or parameters by a schema of integers, booleans, strings, unions of literals, and arrays of strings
 * (for repeated names). Strict: never rounds or trims. Ignores names outside the schema and reports every issue. A schema may state its
 * rule in words as `x-rule`, an extension that OpenAPI allows.
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
      if (fits(property, list)) values[name] = list;
      else issues.push(issueOf(name, String(given), ruleOf(property) + excessOf(property.items, list)));
    } else if (typeof given !== 'string') {
      issues.push(issueOf(name, String(given), 'must be given once'));
    } else {
      const value = readText(property, given);
      if (fits(property, value)) values[name] = value;
      else issues.push(issueOf(name, given, ruleOf(property) + excessOf(property, [given])));
    }
  }
  return issues.length > 0 ? { issues } : { values: values as Static<T> };
}

function readText(schema: TSchema, text: string): unknown {
  if (KindGuard.IsInteger(schema) && DECIMAL.test(text)) return Number(text);
  if (KindGuard.IsBoolean(schema) && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** Lengths count characters (code points), as in JSON Schema. */
function fits(schema: TSchema, value: unknown): boolean {
  const counted = (text: unknown) => (typeof text === 'string' ? unitPerCharacter(text) : text);
  return Value.Check(schema, Array.isArray(value) ? value.map(counted) : counted(value));
}

/** The length of the first text that is too long, as the end of a rule. */
function excessOf({ maxLength }: TSchema, texts: readonly unknown[]): string {
  if (typeof maxLength !== 'number') return '';
  const length = texts.map((text) => unitPerCharacter(String(text)).length).find((all) => all > maxLength);
  return length === undefined ? '' : `, not ${length}`;
}

function issueOf(name: string, value: string | undefined, rule: string): StringIssue {
  return { name, value: value === undefined ? undefined : excerpt(value), rule };
}

function ruleOf(schema: TSchema): string {
  if (typeof schema['x-rule'] === 'string') return schema['x-rule'];
  if (KindGuard.IsInteger(schema)) {
    return `must be an integer from ${schema.minimum} to ${schema.maximum}, in decimal digits without sign or leading zeros`;
  }
  if (KindGuard.IsBoolean(schema)) return 'must be true or false';
  if (KindGuard.IsUnion(schema))
    return `must be one of ${schema.anyOf.map(({ const: word }) => word).join(', ')}`;
  return `must be 1 to ${schema.maxLength} characters that match ${schema.pattern}`;
}

/** The first characters, without half a surrogate pair. */
export function excerpt(text: string, length = EXCERPT_LENGTH): string {
  return text.length > length ? `${text.slice(0, length - 1).toWellFormed()}…` : text;
}

import { KindGuard, type TSchema } from '@sinclair/typebox';
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors';
import { closest, distance } from 'fastest-levenshtein';
import { fromPointer } from './input-paths.ts';

/** A TypeBox error as a phrase that follows the name of the property. */
export function describeMistake(error: ValueError, alsoKnown: readonly string[] = []): string {
  switch (error.type) {
    case ValueErrorType.ObjectRequiredProperty:
      return 'is required';
    case ValueErrorType.ObjectAdditionalProperties: {
      const known = KindGuard.IsObject(error.schema) ? Object.keys(error.schema.properties) : [];
      const isNested = /[.[]/.test(fromPointer(error.path));
      const names = [...known, ...(isNested ? [] : alsoKnown)];
      return unknownName(nameAt(error.path), names);
    }
    default:
      return `must be ${ruleOf(error.schema) ?? error.message}, not ${JSON.stringify(error.value)}`;
  }
}

/** Says that a name is unknown, with the nearest known one or with all of them. */
export function unknownName(name: string, known: readonly string[]): string {
  const nearest = known.length > 0 ? closest(name, known) : undefined;
  const isNear = nearest && distance(name.toLowerCase(), nearest.toLowerCase()) <= name.length / 3;
  return isNear
    ? `is not known here: did you mean "${nearest}"?`
    : `is not known here. Known are: ${[...known].sort().join(', ')}`;
}

function nameAt(pointer: string): string {
  return pointer.slice(pointer.lastIndexOf('/') + 1);
}

function ruleOf(schema: TSchema): string | undefined {
  if (typeof schema.description === 'string') return schema.description;
  if (KindGuard.IsUnion(schema)) {
    const rules = schema.anyOf.map(ruleOf);
    return rules.includes(undefined) ? undefined : rules.join(' or ');
  }
  if (KindGuard.IsLiteral(schema)) return JSON.stringify(schema.const);
  if (KindGuard.IsString(schema)) return schema.pattern ? `text that matches ${schema.pattern}` : 'text';
  if (KindGuard.IsInteger(schema)) return `an integer${rangeOf(schema)}`;
  if (KindGuard.IsNumber(schema)) return `a number${rangeOf(schema)}`;
  if (KindGuard.IsBoolean(schema)) return 'true or false';
  if (KindGuard.IsArray(schema)) return `a list${itemsOf(schema)}`;
  if (KindGuard.IsObject(schema) || KindGuard.IsRecord(schema)) return 'an object';
  return undefined;
}

function rangeOf({ minimum, maximum }: { minimum?: number; maximum?: number }): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
}

function itemsOf({ minItems, maxItems }: { minItems?: number; maxItems?: number }): string {
  if (minItems === undefined) return '';
  if (minItems === maxItems) return ` of ${minItems}`;
  return maxItems === undefined ? ` of at least ${minItems}` : ` of ${minItems} to ${maxItems}`;
}

import { CloudError } from '../errors.ts';
import { type Duration, secondsOf } from './resources.ts';

/** The fields of an API message that are accepted here. */
export interface FieldRules {
  readonly message: string;
  readonly supported: readonly string[];
  /** Set by the service, and ignored in requests, as Google documents. */
  readonly outputOnly?: readonly string[];
  /** Google's fields without an effect here, with the reason. Setting one is an error, so that nobody relies on it. */
  readonly notEmulated?: Readonly<Record<string, string>>;
}

/** Throws UNIMPLEMENTED for a field that is not emulated and INVALID_ARGUMENT for one that does not exist. */
export function checkFields(value: object, rules: FieldRules): void {
  for (const [field, content] of Object.entries(value)) {
    if (rules.supported.includes(field) || rules.outputOnly?.includes(field)) continue;
    const reason = rules.notEmulated?.[field];
    if (reason === undefined) {
      throw new CloudError('INVALID_ARGUMENT', `Unknown field "${field}" in ${rules.message}.`, {
        hint: `known fields: ${rules.supported.join(', ')}`,
      });
    }
    if (isSet(content)) {
      throw new CloudError('UNIMPLEMENTED', `${rules.message}.${field} is not emulated: ${reason}.`, {
        hint: `leave ${field} out`,
      });
    }
  }
}

/** `camelCase` for a field's name in snake_case. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Whether a value differs from its proto3 default. */
export function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return false;
  if (typeof value === 'string') return !value.endsWith('_UNSPECIFIED');
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object') return Object.values(value).some(isSet);
  return true;
}

/** A duration in seconds; undefined when absent. Throws INVALID_ARGUMENT outside the range. */
export function secondsIn(
  field: string,
  duration: Duration | null | undefined,
  range: { min: number; max?: number },
): number | undefined {
  if (!duration) return undefined;
  const seconds = secondsOf(duration);
  const max = range.max ?? Number.POSITIVE_INFINITY;
  if (!(seconds >= range.min && seconds <= max)) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `Invalid ${field}: ${seconds}s. It must be ${range.max === undefined ? `at least ${range.min}s` : `between ${range.min}s and ${range.max}s`}.`,
    );
  }
  return seconds;
}

/** https://docs.cloud.google.com/pubsub/docs/create-topic-labels */
const LABEL_KEY = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const LABEL_VALUE = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;
const LABELS_MAX = 64;

/** The labels to store; undefined when there are none. Throws INVALID_ARGUMENT. */
export function checkLabels(
  labels: Readonly<Record<string, string>> | null | undefined,
): Record<string, string> | undefined {
  const entries = Object.entries(labels ?? {});
  if (entries.length > LABELS_MAX) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `Too many labels: ${entries.length}; at most ${LABELS_MAX} are allowed.`,
    );
  }
  for (const [key, value] of entries) {
    if (!LABEL_KEY.test(key) || !LABEL_VALUE.test(value)) {
      throw new CloudError('INVALID_ARGUMENT', `Invalid label "${key}": "${value}".`, {
        hint: 'keys and values hold lowercase letters, digits, - and _, at most 63; a key starts with a letter',
      });
    }
  }
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

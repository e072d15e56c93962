import { CloudError } from '../errors.ts';
import { camelCase, type FieldRules } from './fields.ts';
import type { FieldMask } from './resources.ts';

interface MaskRules {
  /** Name of the proto message, for errors. */
  readonly message: string;
  readonly mutable: readonly string[];
  readonly immutable: readonly string[];
}

/** A mask may name fields that are not emulated: `checkFields` then refuses them with the reason. */
export function maskOf(
  { message, supported, outputOnly = [], notEmulated = {} }: FieldRules,
  fixed: readonly string[],
): MaskRules {
  const mutable = supported.filter((name) => !fixed.includes(name));
  return {
    message,
    mutable: [...mutable, ...Object.keys(notEmulated)],
    immutable: [...fixed, ...outputOnly],
  };
}

/**
 * Copies the fields named by the mask from `patch` onto `current`; `a.b` copies only `b` of `a`. Paths may be in snake_case
 * or camelCase. Throws INVALID_ARGUMENT for an empty mask and for an unknown or immutable field.
 */
export function applyMask<T extends object>(
  current: T,
  patch: object,
  mask: FieldMask | null | undefined,
  rules: MaskRules,
): T {
  const paths = mask?.paths ?? [];
  if (paths.length === 0) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      'The update_mask in the request must be set and must contain a non-empty paths list.',
    );
  }
  return paths.reduce((result: T, path) => {
    const fields = path.split('.').map(camelCase);
    checkMutable(path, fields[0] ?? '', rules);
    return assign(result, patch, fields);
  }, current);
}

function checkMutable(path: string, field: string, { message, mutable, immutable }: MaskRules): void {
  if (mutable.includes(field)) return;
  throw new CloudError(
    'INVALID_ARGUMENT',
    immutable.includes(field)
      ? `Invalid update_mask provided in the request: '${path}' of a ${message} cannot be changed.`
      : `Invalid update_mask provided in the request: '${path}' is not a known ${message} field.`,
    { hint: `fields that can be updated: ${mutable.join(', ')}` },
  );
}

function assign<T extends object>(target: T, source: object, [field, ...rest]: string[]): T {
  const current: object & Record<string, unknown> = { ...(target as object) };
  const patch: Record<string, unknown> = { ...source };
  if (field === undefined) return target;
  const value = patch[field];
  current[field] = rest.length === 0 ? value : assign(objectOf(current[field]), objectOf(value), rest);
  return current as T;
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

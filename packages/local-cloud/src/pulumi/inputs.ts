import { createHash } from 'node:crypto';
import { Value } from '@sinclair/typebox/value';
import { fromPointer, matches, prune, valueAt } from './input-paths.ts';
import { type Properties, UNKNOWN } from './property-values.ts';
import type { AppliedType, Declared, InputMistake } from './resource-type.ts';
import { describeMistake } from './schema-mistakes.ts';

export interface CheckedInputs {
  /** The inputs that have an effect. */
  readonly inputs: Record<string, unknown>;
  /** Declared inputs without effect, each with its reason. */
  readonly notEmulated: Record<string, string>;
  readonly mistakes: readonly InputMistake[];
}

/** Checks inputs against the lists of their type (applied, not emulated, refused) and its schema. */
export function checkInputs(
  type: Pick<AppliedType, 'inputs' | 'notEmulated' | 'refused'>,
  declared: Properties,
): CheckedInputs {
  const notEmulated: Record<string, string> = {};
  const mistakes: InputMistake[] = [];
  const inputs = prune(declared, (path) => {
    const refused = find(type.refused, path);
    if (refused) mistakes.push({ property: path, message: `the local cloud cannot do this: ${refused}` });
    const ignored = find(type.notEmulated, path);
    if (ignored) notEmulated[path] = ignored;
    return refused !== undefined || ignored !== undefined;
  }) as Record<string, unknown>;
  const reported = new Set<string>();
  for (const error of Value.Errors(type.inputs, inputs)) {
    const property = fromPointer(error.path);
    if (reported.has(property) || isUnknown(inputs, error.path)) continue;
    reported.add(property);
    mistakes.push({ property, message: describeMistake(error, topLevelOf(type.notEmulated)) });
  }
  return { inputs, notEmulated, mistakes };
}

/** Adds what the program leaves out: a generated name and the provider's defaults. */
export function resolveInputs(
  type: AppliedType,
  { urn, logicalName, inputs, context }: Declared<Properties>,
): Record<string, unknown> {
  const named = { ...inputs };
  if (type.autoname && named[type.autoname] === undefined) {
    // Pulumi's names end in random digits. These are the same in every run, so a plan can contain them.
    named[type.autoname] = `${logicalName}-${createHash('sha256').update(urn).digest('hex').slice(0, 7)}`;
  }
  const effective = checkInputs(type, named).inputs;
  for (const [name, value] of Object.entries(
    type.defaults({ urn, logicalName, inputs: effective, context }),
  )) {
    if (value !== effective[name]) named[name] = value;
  }
  return named;
}

/** The inputs that have an effect, without a check. */
export function effectiveInputs(type: AppliedType, resolved: Properties): Record<string, unknown> {
  return checkInputs(type, resolved).inputs;
}

function find(list: Readonly<Record<string, string>>, path: string): string | undefined {
  const pattern = Object.keys(list).find((candidate) => matches(candidate, path));
  return pattern === undefined ? undefined : list[pattern];
}

/** Whether the value at `pointer` is UNKNOWN, which may have any type. */
function isUnknown(inputs: unknown, pointer: string): boolean {
  const path = pointer.split('/').slice(1);
  return path.some((_, index) => valueAt(inputs, path.slice(0, index + 1)) === UNKNOWN);
}

function topLevelOf(list: Readonly<Record<string, string>>): string[] {
  return Object.keys(list).filter((path) => !path.includes('.'));
}

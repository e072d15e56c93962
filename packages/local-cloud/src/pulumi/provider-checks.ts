import { isDeepStrictEqual } from 'node:util';
import { alternatives, type Constraints, type Group, words } from './constraint.ts';
import { topLevel } from './diff.ts';
import type { Members, Shape } from './gcp-declarations.ts';
import { below, covers, general } from './input-paths.ts';
import { hasUnknown, UNKNOWN } from './property-values.ts';
import type { InputMistake } from './resource-type.ts';
import { unknownName } from './schema-mistakes.ts';

/** What Google's provider would refuse before it sends anything. `shown` prints a value. */
export function providerMistakes(
  inputs: Readonly<Record<string, unknown>>,
  members: Members,
  constraints: Constraints,
  isSecret: (property: string) => boolean,
): InputMistake[] {
  const mistakes: InputMistake[] = [];
  const shown = (path: string, value: unknown) => (isSecret(topLevel(path)) ? 'this secret' : preview(value));
  const add = (property: string, message: string) => mistakes.push({ property, message });

  const visitObject = (value: Readonly<Record<string, unknown>>, of: Members, path: string): void => {
    for (const [name, item] of Object.entries(value)) {
      const member = of.get(name);
      if (member) visit(item, member.shape, below(path, name));
      else if (isGiven(item)) add(below(path, name), unknownName(name, [...of.keys()]));
    }
    for (const [name, { required, shape }] of of) {
      if (required && !isGiven(value[name])) add(below(path, name), `is required: ${NOUNS[shape.kind]}`);
    }
  };

  const visit = (value: unknown, shape: Shape, path: string): void => {
    if (!isGiven(value) || value === UNKNOWN) return;
    if (!hasKind(value, shape.kind)) {
      add(path, `must be ${NOUNS[shape.kind]}, not ${shown(path, value)}`);
      return;
    }
    const rule = constraints.values?.[general(path)];
    if (rule && !hasUnknown(value) && !rule.accepts(value)) {
      add(path, `must be ${rule.accepted}, not ${shown(path, value)}`);
    }
    if (shape.kind === 'list') {
      for (const [index, item] of (value as unknown[]).entries()) visit(item, shape.of, `${path}[${index}]`);
    } else if (shape.kind === 'map') {
      for (const [key, item] of Object.entries(value as object)) visit(item, shape.of, below(path, key));
    } else if (shape.kind === 'object') visitObject(value as Record<string, unknown>, shape.members(), path);
  };

  visitObject(inputs, members, '');
  for (const path of words(constraints.required)) {
    const [, within = '', name = path] = /^(.*)\.(\w+)$/.exec(path) ?? [];
    for (const { at, value } of objectsAt(inputs, within)) {
      if (!isGiven(value[name])) add(below(at, name), 'is required');
    }
  }
  for (const group of constraints.groups ?? []) {
    for (const { at, value } of objectsAt(inputs, group.within)) {
      const message = groupMistake(group, value);
      if (message) add(at, message);
    }
  }
  return mistakes;
}

/** The first path that a change touches and that Google cannot change in place. */
export function fixedPath(
  { fixed, changeable }: Constraints,
  changed: readonly string[],
  old: unknown,
  next: unknown,
): string | undefined {
  const free = words(changeable);
  for (const path of changed) {
    const touched = general(path);
    if (free.some((other) => covers(other, touched))) continue;
    for (const candidate of words(fixed)) {
      if (covers(candidate, touched)) return path;
      // All of an object has changed, and a fixed property is somewhere below.
      if (
        covers(touched, candidate) &&
        !isDeepStrictEqual(valuesAt(old, candidate), valuesAt(next, candidate))
      )
        return candidate;
    }
  }
  return undefined;
}

const NOUNS: Readonly<Record<Shape['kind'], string>> = {
  text: 'text',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list',
  map: 'an object',
  object: 'an object',
  any: 'a value',
};

function hasKind(value: unknown, kind: Shape['kind']): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
    case 'boolean':
      return typeof value === kind;
    case 'list':
      return Array.isArray(value);
    case 'map':
    case 'object':
      return typeof value === 'object' && !Array.isArray(value);
    case 'any':
      return true;
  }
}

/** What is wrong with an object of which a rule wants some properties together; undefined when nothing is. */
function groupMistake({ kind, of }: Group, value: unknown): string | undefined {
  const given = of.filter((name) => isSet(lookUp(value, name)));
  const known = given.filter((name) => lookUp(value, name) !== UNKNOWN);
  const names = alternatives(of);
  switch (kind) {
    case 'exactly one':
      if (given.length === 0) return `takes exactly one of ${names}, and none is given`;
      return tooMany(known, `exactly one of ${names}`);
    case 'at most one':
      return tooMany(known, `at most one of ${names}`);
    case 'at least one':
      return given.length === 0 ? `takes at least one of ${names}, and none is given` : undefined;
    case 'the second with the first': {
      const [first = '', second = ''] = of;
      return given.includes(first) && !given.includes(second)
        ? `takes ${first} only with ${second}`
        : undefined;
    }
  }
}

function tooMany(given: readonly string[], rule: string): string | undefined {
  if (given.length < 2) return undefined;
  return `takes ${rule}, and ${alternatives(given, 'and')} are given`;
}

interface Place {
  readonly at: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The objects at a path; of a list (`rules[]`), each of its items. */
function objectsAt(inputs: unknown, path: string): Place[] {
  let places: { at: string; value: unknown }[] = [{ at: '', value: inputs }];
  for (const step of path === '' ? [] : path.split('.')) {
    const name = step.replace('[]', '');
    places = places.flatMap(({ at, value }) => {
      const found = lookUp(value, name);
      if (!step.endsWith('[]')) return [{ at: below(at, name), value: found }];
      return Array.isArray(found)
        ? found.map((item, index) => ({ at: `${below(at, name)}[${index}]`, value: item }))
        : [];
    });
  }
  return places.filter(
    (place): place is Place =>
      typeof place.value === 'object' && place.value !== null && !Array.isArray(place.value),
  );
}

function lookUp(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((current, name) => {
    if (current === UNKNOWN) return UNKNOWN;
    return typeof current === 'object' && current !== null ? Reflect.get(current, name) : undefined;
  }, value);
}

/** The values at a path; of a list (`rules[].match`), those of its items. */
function valuesAt(inputs: unknown, path: string): unknown[] {
  const [, within = '', name = path] = /^(.*)\.([^.]+)$/.exec(path) ?? [];
  return objectsAt(inputs, within).map(({ value }) => value[name]);
}

/** A list without items counts as left out. */
function isSet(value: unknown): boolean {
  return isGiven(value) && !(Array.isArray(value) && value.length === 0);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

const LONGEST = 120;

function preview(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

import { createRequire, Module } from 'node:module';
import { join } from 'node:path';

/*
 * Loaded before the program. The classes of @pulumi/gcp copy the properties that they know and throw at the first
 * required one that is missing. So a misspelt property would vanish, and a program would stop at its first mistake.
 * Here the engine gets what the program gives, and reports all mistakes at once.
 */

type Arguments = Readonly<Record<string, unknown>>;
type Loader = () => Record<string, unknown>;
interface Utilities {
  lazyLoad(exports: object, names: readonly string[], load: Loader): void;
}
interface Transformed {
  readonly name: string;
  readonly type: string;
  readonly props: Arguments;
  readonly opts: object;
}

const MISSING = /^Missing required property '(\w+)'$/;

const directory = process.argv[process.argv.indexOf('--root-directory') + 1] ?? '.';
const project = createRequire(join(directory, 'Pulumi.yaml'));

const utilities = resolved('@pulumi/gcp/utilities');
if (utilities) {
  // Loaded when the program asks for it: Pulumi's runtime first has to read its own arguments.
  const stand = Object.defineProperty(Object.assign(new Module(utilities), { loaded: true }), 'exports', {
    get() {
      delete project.cache[utilities];
      const loaded = project(utilities) as Utilities;
      const { lazyLoad } = loaded;
      loaded.lazyLoad = (exports, names, load) => lazyLoad(exports, names, () => whole(load()));
      nameTopLevelPositions();
      return loaded;
    },
  });
  project.cache[utilities] = stand;
}

function resolved(id: string): string | undefined {
  try {
    return project.resolve(id);
  } catch {
    return undefined; // The program does not use it.
  }
}

const wholeModules = new WeakMap<object, Record<string, unknown>>();

function whole(loaded: Record<string, unknown>): Record<string, unknown> {
  const known = wholeModules.get(loaded);
  if (known) return known;
  const made = Object.fromEntries(
    Object.entries(loaded).map(([name, value]) => [name, isResourceClass(value) ? wholeClass(value) : value]),
  );
  wholeModules.set(loaded, made);
  return made;
}

function isResourceClass(value: unknown): value is new (...args: unknown[]) => object {
  return typeof value === 'function' && '__pulumiType' in value;
}

function wholeClass(original: new (...args: unknown[]) => object): typeof original {
  return new Proxy(original, {
    construct(target, [name, args, options, ...rest]: unknown[], newTarget) {
      const given = (args ?? {}) as Arguments;
      const placeholders: Record<string, unknown> = {};
      const transformations = [...listOf(options), restore(String(name), given, placeholders)];
      for (;;) {
        try {
          const complete = { ...given, ...placeholders };
          return Reflect.construct(
            target,
            [name, complete, { ...(options as object), transformations }, ...rest],
            newTarget,
          );
        } catch (error) {
          const [, missing] = MISSING.exec(error instanceof Error ? error.message : '') ?? [];
          if (missing === undefined || missing in placeholders) throw error;
          placeholders[missing] = '';
        }
      }
    },
  });
}

/** Puts back what the class leaves out, and takes away the placeholders. */
function restore(name: string, given: Arguments, placeholders: Arguments) {
  return (transformed: Transformed) => {
    // A child inherits the transformations of its parent.
    if (transformed.name !== name) return undefined;
    const { props, opts } = transformed;
    const left = Object.entries(given).filter(([key]) => props[key] === undefined);
    const taken = Object.keys(placeholders).map((key) => [key, undefined]);
    return { props: { ...props, ...Object.fromEntries([...left, ...taken]) }, opts };
  };
}

function listOf(options: unknown): unknown[] {
  const { transformations = [] } = (options ?? {}) as { transformations?: unknown[] };
  return transformations;
}

/** Pulumi's SDK finds the position of `new Topic(…)` in a function only, and not at the top level of a module. */
function nameTopLevelPositions(): void {
  const { Resource } = project('@pulumi/pulumi/resource') as { Resource: { framePositionRegExp: RegExp } };
  Resource.framePositionRegExp =
    /^\s*at (?:.* \()?(?:async )?(?:file:\/\/)?(?<file>\/.*):(?<line>[0-9]+):(?<column>[0-9]+)\)?$/;
}

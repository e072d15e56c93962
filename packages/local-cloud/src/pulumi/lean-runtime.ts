import { createRequire, Module } from 'node:module';

/*
 * Loaded before Pulumi's runtime, in place of the parts that take most of its start and that few programs use.
 */

type Functions = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

const [, runtime = ''] = process.argv;
const installed = createRequire(runtime);

// Pulumi's SDK takes a stack trace per promise, and source-map-support translates each. Node strips types in place, so its
// own traces name the right lines. A program compiled to JavaScript sets `nodeargs: --enable-source-maps`.
standIn(installed.resolve('source-map-support/register'), {});

// Functions are serialized for dynamic providers only, and that takes npm's resolver, TypeScript and a debugger.
const [serializeClosure, codePaths, v8Hooks] = ['serializeClosure', 'codePaths', 'v8Hooks'].map((name) =>
  installed.resolve(`../../runtime/closure/${name}`),
) as [string, string, string];
standIn(serializeClosure, loadedByACall(serializeClosure, 'serializeFunction', 'serializeFunctionAsync'));
standIn(codePaths, loadedByACall(codePaths, 'computeCodePaths'));
standIn(v8Hooks, { isInitializedAsync: async () => undefined });
const standIns = new Set([serializeClosure, codePaths, v8Hooks]);

function standIn(file: string, exports: object): void {
  installed.cache[file] = Object.assign(new Module(file), { loaded: true, exports });
}

function loadedByACall(file: string, ...names: readonly string[]): Functions {
  const real = (): Functions => {
    takeStandInsAway();
    return installed(file);
  };
  return Object.fromEntries(names.map((name) => [name, (...args) => real()[name]?.(...args)]));
}

/** Once, so that the real parts are loaded once. */
function takeStandInsAway(): void {
  for (const file of standIns) delete installed.cache[file];
  standIns.clear();
}

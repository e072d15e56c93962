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

function standIn(file: string, exports: object): void {
  installed.cache[file] = Object.assign(new Module(file), { loaded: true, exports });
}

function loadedByACall(file: string, ...names: readonly string[]): Functions {
  const load = () => {
    for (const stand of [serializeClosure, codePaths, v8Hooks]) delete installed.cache[stand];
    return installed(file) as Functions;
  };
  return Object.fromEntries(names.map((name) => [name, (...args) => load()[name]?.(...args)]));
}

import Module, { createRequire, setSourceMapsSupport } from 'node:module';

/**
 * Loaded before Pulumi's runtime, in place of its source-map-support: that rewrites every stack trace in JavaScript, and
 * Pulumi's SDK takes several per resource, which costs a third of a run's CPU time. Node itself maps the program's
 * files; installed packages keep the positions of their JavaScript.
 */
const [, runtime = ''] = process.argv;
const require = createRequire(runtime);
const replaced = new Module(require.resolve('source-map-support/register'));
replaced.loaded = true;
require.cache[replaced.id] = replaced;
setSourceMapsSupport(true, { nodeModules: false });

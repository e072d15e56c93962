import { createRequire, Module } from 'node:module';

/**
 * Loaded before Pulumi's runtime, which turns on source-map-support. Pulumi's SDK takes a stack trace per promise, and
 * translating them is a third of a run's CPU time. Node strips types in place, so its own traces name the right lines;
 * a program compiled to JavaScript sets `nodeargs: --enable-source-maps`.
 */
const [, runtime = ''] = process.argv;
const require = createRequire(runtime);
const register = require.resolve('source-map-support/register');
require.cache[register] = Object.assign(new Module(register), { loaded: true });

import { createRequire, Module } from 'node:module';

/**
 * Loaded before Pulumi's runtime, which turns on source-map-support. Pulumi's SDK takes a stack trace per promise, and
 * translating them is a third of a run's CPU time. Node strips types in place, so its own traces name the right lines.
 * A program compiled to JavaScript sets `nodeargs: --enable-source-maps`.
 */
const [, runtime = ''] = process.argv;
const installed = createRequire(runtime);
const register = installed.resolve('source-map-support/register');
installed.cache[register] = Object.assign(new Module(register), { loaded: true });

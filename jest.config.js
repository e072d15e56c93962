import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package in whose folder Jest was started. */
const rootDir = process.cwd();

/** A file of the package's test/support, if it has one. */
function support(name) {
  const file = join(rootDir, 'test', 'support', name);
  return existsSync(file) ? file : undefined;
}

const setup = support('setup.ts');

// Commands name themselves in the same way, whether npx or pnpm started the tests.
process.env.npm_execpath = '';
// Tests start many processes. With compiled modules, a command starts in half the time.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

/** Of every package: TypeScript ES modules, run as written. Jest is started with --experimental-vm-modules. */
export default {
  rootDir,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'esnext', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: fileURLToPath(new URL('scripts/jest-environment.js', import.meta.url)),
  // Most test files wait for processes: two beside each other keep a core busy.
  maxWorkers: '100%',
  injectGlobals: false,
  // Ends a test that hangs. A slow machine is not a failure.
  testTimeout: 120_000,
  globalSetup: support('global-setup.js'),
  globalTeardown: support('global-teardown.js'),
  setupFilesAfterEnv: setup === undefined ? [] : [setup],
  reporters: ['default', fileURLToPath(new URL('scripts/jest-counts.js', import.meta.url))],
};

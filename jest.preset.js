import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Tests start many processes. A compiled module halves the start of a command.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

/** Shared by every package: TypeScript ES modules, run as written. Started with --experimental-vm-modules. */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'esnext', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  injectGlobals: false,
  // Ends what hangs; a slow machine is not a failure.
  testTimeout: 30_000,
  reporters: ['default', fileURLToPath(new URL('scripts/jest-counts.js', import.meta.url))],
};

import { fileURLToPath } from 'node:url';

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

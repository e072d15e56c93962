import preset from '../../jest.preset.js';

export default {
  ...preset,
  setupFilesAfterEnv: ['<rootDir>/test/support/close-after-all.ts'],
  // Starting a process can take seconds on a busy machine.
  testTimeout: 30_000,
};

import preset from '../../jest.preset.js';

export default {
  ...preset,
  setupFilesAfterEnv: ['<rootDir>/test/support/close-after-all.ts'],
  // Some tests start processes: on a busy machine that alone can take seconds.
  testTimeout: 30_000,
};

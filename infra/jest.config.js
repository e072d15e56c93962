import preset from '../jest.preset.js';

export default {
  ...preset,
  globalSetup: './test/support/plan-cache-setup.js',
  globalTeardown: './test/support/plan-cache-teardown.js',
};

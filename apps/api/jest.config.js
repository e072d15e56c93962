import preset from '../../jest.preset.js';

/** Some tests start processes: on a busy machine that alone can take seconds. */
export default { ...preset, testTimeout: 30_000 };

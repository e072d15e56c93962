import preset from '../../jest.preset.js';

/** The mutants outlast the other files, most of which wait for processes: beside each other they fill the cores. */
export default { ...preset, maxWorkers: '100%' };

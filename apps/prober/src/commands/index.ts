export { addE2e } from './e2e.ts';
export { addProbe } from './probe.ts';
export type { StartLocal } from './where.ts';

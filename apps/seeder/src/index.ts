export { DEFAULT_LOCALE } from './countries.ts';
export { People } from './people.ts';
export { Draws } from './random.ts';
export { problemsOf } from './report.ts';
export { seedRecords } from './seed.ts';

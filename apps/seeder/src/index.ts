export { problemsOf } from './report.ts';
export { seedRecords } from './seed.ts';

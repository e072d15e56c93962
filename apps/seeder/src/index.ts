export { DEFAULT_LOCALE, LOCALES } from './countries.ts';
export type { Mix } from './mix.ts';
export { problemsOf, reportOf } from './report.ts';
export { type SeedOptions, type SeedResult, seedRecords } from './seed.ts';
export { type VerifyResult, verifyRecords } from './verify/verify.ts';

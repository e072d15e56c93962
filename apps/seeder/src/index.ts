export { DEFAULT_LOCALE, LOCALES } from './countries.ts';
export { SeederError } from './errors.ts';
export { problemsOf, reportOf } from './report.ts';
export { type SeedOptions, type SeedProgress, type SeedResult, seedRecords } from './seed.ts';
export { findTarget, type StackChoice } from './target/find.ts';
export { type Target, targetOf } from './target/target.ts';

export { SeederError } from '../errors.ts';
export { findTarget, type StackChoice } from './find.ts';
export type { Publisher, Target } from './target.ts';

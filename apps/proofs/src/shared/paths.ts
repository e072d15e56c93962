import { join } from 'node:path';

/** The repository's root folder. */
export const REPOSITORY = join(import.meta.dirname, '..', '..', '..', '..');

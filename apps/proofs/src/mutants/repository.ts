import { join } from 'node:path';

/** The root folder of this repository. */
export const REPOSITORY = join(import.meta.dirname, '..', '..', '..', '..');

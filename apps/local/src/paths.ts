import { join } from 'node:path';

/** The repository's root folder. */
export const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

/** The Pulumi project. */
export const INFRA = join(REPOSITORY, 'infra');

/** Where `pnpm dev` keeps its data between runs. */
export const LOCAL_FOLDER = join(REPOSITORY, '.local');

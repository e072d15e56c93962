import { join } from 'node:path';

/** The checkout's root folder. */
export const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

/** The folder of the Pulumi program. */
export const INFRA = join(REPOSITORY, 'infra');

/** The name of the Pulumi project: the namespace of its settings, and a part of each URN. */
export const PROJECT = 'records-platform';

/** The image of the working copy. The name `localhost` keeps it on this machine. */
export const LOCAL_IMAGE = 'localhost/records/api:working-copy';

/** Where a local stack keeps its data and its description. */
export const LOCAL_FOLDER = join(REPOSITORY, '.local');

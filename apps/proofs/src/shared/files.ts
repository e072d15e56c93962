import { join } from 'node:path';
import { REPOSITORY } from './paths.ts';

const DOCS = join(REPOSITORY, 'docs');

/** Files that are generated from packages/monitoring, or have generated parts. */
export const FILES = {
  document: join(DOCS, 'monitoring.md'),
  rules: join(DOCS, 'monitoring', 'prometheus-rules.yml'),
  pictures: join(DOCS, 'monitoring'),
} as const;

import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

/** Where the generated parts are kept. */
export const FILES = {
  document: join(REPOSITORY, 'docs', 'monitoring.md'),
  rules: join(REPOSITORY, 'docs', 'monitoring', 'prometheus-rules.yml'),
  dashboards: {
    service: join(REPOSITORY, 'docs', 'monitoring', 'service.svg'),
    fleet: join(REPOSITORY, 'docs', 'monitoring', 'fleet.svg'),
  },
  runbooks: join(REPOSITORY, 'docs', 'runbooks'),
} as const;

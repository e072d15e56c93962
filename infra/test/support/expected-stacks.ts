import type { Stack } from './plans.ts';

/** What tells the stacks apart. */
export interface Expected {
  readonly publishers: readonly string[];
  readonly deletionProtection: boolean;
  readonly isPublic: boolean;
  readonly hasProber: boolean;
  readonly isMonitored: boolean;
  readonly minInstances: number;
  readonly maxInstances: number;
  readonly freshnessSeconds: string;
  readonly logLevel: string;
}

export const EXPECTED: Record<Stack, Expected> = {
  local: {
    publishers: ['serviceAccount:seeder@records-local.iam.gserviceaccount.com'],
    deletionProtection: false,
    isPublic: true,
    hasProber: true,
    isMonitored: false,
    minInstances: 0,
    maxInstances: 1,
    freshnessSeconds: '1',
    logLevel: 'info',
  },
  dev: {
    publishers: [],
    deletionProtection: false,
    isPublic: false,
    hasProber: false,
    isMonitored: false,
    minInstances: 0,
    maxInstances: 2,
    freshnessSeconds: '60',
    logLevel: 'debug',
  },
  staging: {
    publishers: [],
    deletionProtection: true,
    isPublic: false,
    hasProber: true,
    isMonitored: true,
    minInstances: 0,
    maxInstances: 2,
    freshnessSeconds: '60',
    logLevel: 'info',
  },
  prod: {
    publishers: [],
    deletionProtection: true,
    isPublic: true,
    hasProber: true,
    isMonitored: true,
    minInstances: 1,
    maxInstances: 10,
    freshnessSeconds: '60',
    logLevel: 'info',
  },
};

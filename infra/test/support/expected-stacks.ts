import type { Stack } from './plans.ts';

const STAGING = {
  publishers: [] as readonly string[],
  analysts: [] as readonly string[],
  deletionProtection: true,
  isPublic: false,
  hasProber: true,
  isMonitored: true,
  minInstances: 0,
  maxInstances: 2,
  lookupGib: '1145',
  freshnessSeconds: '60',
  logLevel: 'info',
};

/** The differences between the stacks. */
export const EXPECTED: Record<Stack, typeof STAGING> = {
  local: {
    ...STAGING,
    publishers: ['serviceAccount:seeder@records-local.iam.gserviceaccount.com'],
    analysts: ['serviceAccount:analyst@records-local.iam.gserviceaccount.com'],
    deletionProtection: false,
    isPublic: true,
    isMonitored: false,
    maxInstances: 1,
    lookupGib: '2291',
    freshnessSeconds: '1',
  },
  dev: { ...STAGING, deletionProtection: false, hasProber: false, isMonitored: false, logLevel: 'debug' },
  staging: STAGING,
  prod: { ...STAGING, isPublic: true, minInstances: 1, maxInstances: 10, lookupGib: '229' },
};

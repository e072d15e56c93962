import type { Settings } from './settings.ts';

/** The settings of monitoring. Pulumi.yaml describes each. */
export type MonitoringConfig = NonNullable<ReturnType<typeof readMonitoring>>;

const CHANNEL = /^projects\/[^/\s]+\/notificationChannels\/\d+$/;
const CHANNELS = 'a list of notification channels such as projects/PROJECT/notificationChannels/NUMBER';
const BILLING_ACCOUNT = /^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/;

/** Undefined when the stack declares no monitoring. */
export function readMonitoring(settings: Settings) {
  const isWanted = settings.flag('monitoring', true);
  const pageChannels = settings.list('pageChannels', CHANNEL, CHANNELS);
  const ticketChannels = settings.list('ticketChannels', CHANNEL, CHANNELS);
  const billedGibPerHour = settings.integer('billedGibPerHour', 100, 1, 1_000_000);
  const budget = readBudget(settings);
  if (isWanted) return { pageChannels, ticketChannels, billedGibPerHour, budget };
  const reason = 'monitoring is false, so nothing notifies';
  settings.refuse('pageChannels', pageChannels.length > 0, reason);
  settings.refuse('ticketChannels', ticketChannels.length > 0, reason);
  settings.refuse('billingAccount', budget !== undefined, reason);
  return undefined;
}

/** Undefined declares no budget. */
function readBudget(settings: Settings) {
  const monthly = settings.integer('monthlyBudget', 100, 1, 1_000_000);
  const rule = 'the id of a billing account, such as 012345-6789AB-CDEF01';
  const billingAccount = settings.optional('billingAccount', BILLING_ACCOUNT, rule);
  return billingAccount === undefined ? undefined : { billingAccount, monthly };
}

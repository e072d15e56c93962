import type { LocalStack } from '@records/local';

/** A fault to inject into a running stack, and its expected consequences. */
export interface Fault {
  readonly name: string;
  readonly does: string;
  /** The alert that must fire. */
  readonly expected: string;
  /** Within so many minutes of the rules. */
  readonly withinMinutes: number;
  /** Alerts that watch the same thing and may fire, too. */
  readonly alongside: RegExp;
  /** The runbook's commands must print this. */
  readonly cause: RegExp;
  readonly fix: string;
  /** Whether records are published during the fault. */
  readonly publishes: boolean;
  /** Injects the fault. Answers a function that repairs it. */
  inject(stack: LocalStack): () => void;
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'the warehouse refuses writes',
    does: "Pub/Sub's account loses roles/bigquery.dataEditor on the table while records are published",
    expected: 'backlog-stuck',
    withinMinutes: 25,
    alongside: /^freshness-burns-/,
    cause: /RESOURCE_ERROR.*PERMISSION_DENIED.*roles\/bigquery\.dataEditor/s,
    fix: 'the grant is restored',
    publishes: true,
    inject: (stack) => withoutGrant(stack, 'roles/bigquery.dataEditor'),
  },
  {
    name: 'the API answers 2 % of the requests with 500',
    // With new records, snapshots would be refused, too, and another alert would rightly fire.
    does: "the API's account loses roles/bigquery.jobUser, and 2 % of the requests need a query",
    expected: 'availability-burns-14.4x',
    withinMinutes: 70,
    alongside: /^availability-burns-/,
    cause: /failed: internal-error.*roles\/bigquery\.jobUser.*method="jobs\.query",outcome="refused"/s,
    fix: 'the grant is restored',
    publishes: false,
    inject: (stack) => withoutGrant(stack, 'roles/bigquery.jobUser'),
  },
];

/** As if an operator removed grants by hand. */
function withoutGrant({ cloud: { iam } }: LocalStack, role: string): () => void {
  const grants = iam.grants().filter((grant) => grant.role === role);
  if (grants.length === 0) throw new Error(`the program grants ${role} to nobody`);
  for (const grant of grants) iam.revoke(grant);
  return () => {
    for (const grant of grants) iam.grant(grant);
  };
}

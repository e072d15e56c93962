import type { LocalStack } from '../../src/local-stack.ts';

/** Something that breaks in a running stack, and what must come of it. */
export interface Fault {
  readonly name: string;
  readonly does: string;
  /** The alert that must fire. */
  readonly expected: string;
  /** Minutes of the rules within which it must. */
  readonly withinMinutes: number;
  /** Alerts that see the same trouble, sooner or later than the expected one, and may fire as well. */
  readonly alongside: RegExp;
  /** What the runbook's commands must bring to light. */
  readonly cause: RegExp;
  readonly fix: string;
  /** Whether records are published meanwhile. */
  readonly publishes: boolean;
  /** Breaks it, and answers how to mend it. */
  inject(stack: LocalStack): () => void;
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'the warehouse refuses writes',
    does: "roles/bigquery.dataEditor on the table is taken from Pub/Sub's account, while records are published",
    expected: 'backlog-stuck',
    withinMinutes: 25,
    alongside: /^freshness-burns-/,
    cause: /RESOURCE_ERROR.*PERMISSION_DENIED.*roles\/bigquery\.dataEditor/s,
    fix: 'the grant is given back',
    publishes: true,
    inject: (stack) => withoutGrant(stack, 'roles/bigquery.dataEditor'),
  },
  {
    name: 'the API answers 500 to 2 % of the requests',
    // While records are published, new snapshots would be refused, too: another alert, rightly.
    does: "roles/bigquery.jobUser is taken from the API's account, and 2 % of the requests need a query",
    expected: 'availability-burns-14.4x',
    withinMinutes: 70,
    alongside: /^availability-burns-/,
    cause: /failed: internal-error.*roles\/bigquery\.jobUser.*method="jobs\.query",outcome="refused"/s,
    fix: 'the grant is given back',
    publishes: false,
    inject: (stack) => withoutGrant(stack, 'roles/bigquery.jobUser'),
  },
];

/** What somebody does who cleans up grants by hand. */
function withoutGrant({ cloud: { iam } }: LocalStack, role: string): () => void {
  const grants = iam.grants().filter((grant) => grant.role === role);
  if (grants.length === 0) throw new Error(`the program grants ${role} to nobody`);
  for (const grant of grants) iam.revoke(grant);
  return () => {
    for (const grant of grants) iam.grant(grant);
  };
}

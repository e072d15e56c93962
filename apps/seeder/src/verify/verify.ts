import { UserError } from '@records/cli';
import { type Reconciliation, reconcile } from '../reconcile/reconcile.ts';
import { openRun, type RunFacts, type RunOptions } from '../run.ts';
import { systemTicker } from '../ticker.ts';

export interface VerifyResult extends RunFacts {
  readonly reconciliation: Reconciliation;
}

/**
 * Checks a finished run again: looks once for each of its messages, as if all had been sent and answered as planned. Sends
 * nothing. Throws UserError for bad options, for a table that cannot be read, and after an interruption.
 */
export async function verifyRecords(options: RunOptions): Promise<VerifyResult> {
  const run = await openRun(options);
  run.ledger.assumeSent();
  const reconciled = await reconcile({
    run: { ...run, before: { rows: 0, ids: 0 } },
    options,
    deadBefore: 0,
    stallMs: 0,
    replays: true,
    ticker: systemTicker,
  });
  if (!reconciled) throw new UserError('interrupted before everything was checked');
  return { ...run.facts, reconciliation: reconciled.reconciliation };
}

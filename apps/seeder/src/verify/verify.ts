import { SeederError } from '../errors.ts';
import { type Reconciliation, reconcile } from '../reconcile/reconcile.ts';
import { openRun, type RunFacts, type RunOptions } from '../run.ts';
import { systemTicker } from '../ticker.ts';

export interface VerifyResult extends RunFacts {
  readonly reconciliation: Reconciliation;
}

/**
 * Checks a finished run again: looks once for every message that the options describe, as if all had been sent and
 * answered as planned. Sends nothing. Throws SeederError for bad options, when the table can not be read, and when
 * interrupted.
 */
export async function verifyRecords(options: RunOptions): Promise<VerifyResult> {
  const run = await openRun(options);
  run.ledger.assumeSent();
  const reconciled = await reconcile({
    run: { ...run, before: { rows: 0, ids: 0 } },
    options,
    lettersBefore: 0,
    stallMs: 0,
    replays: true,
    ticker: systemTicker,
  });
  if (!reconciled) throw new SeederError('interrupted before all was looked at');
  return { ...run.facts, reconciliation: reconciled.reconciliation };
}

import { LocalStack } from '@records/local';
import { conclude } from '../shared/report.ts';
import { exercise } from './exercise.ts';
import { grantProblems, grantsText, grantUses } from './report.ts';

/** A run takes a few seconds. */
const TIMEOUT_MS = 120_000;

export async function proveGrants(json: boolean): Promise<void> {
  await using stack = await LocalStack.create();
  await exercise(stack, AbortSignal.timeout(TIMEOUT_MS));
  const uses = grantUses(stack.cloud.iam);
  const problems = grantProblems(uses);
  process.stdout.write(
    json ? `${JSON.stringify({ grants: uses, problems }, null, 2)}\n` : `${grantsText(uses)}\n`,
  );
  conclude(problems, json ? console.error : console.log);
}

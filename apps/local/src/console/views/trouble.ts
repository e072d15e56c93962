import { randomBytes } from 'node:crypto';
import { quotedTable } from '@records/stack';
import type { StackView } from '../stack-view.ts';
import { Refusal } from '../text.ts';
import {
  FAULTS,
  type Faults,
  type ProbeResult,
  type ResetResult,
  type SeedSummary,
  type TroubleForm,
} from '../trouble-state.ts';
import type { Input, ServerView } from '../views.ts';

/** `pnpm seed` publishes more, in a process of its own. */
const MAX_SEED = 10_000;
/** Lines of the prober that are sent. */
const MAX_LINES = 50;

/** *Trouble*: faults on purpose, and a way back. */
export function open({ stack }: StackView): ServerView {
  const { bigquery, chaos, pubsub } = stack.cloud;
  const faults = (): Faults => {
    const { redeliver, reorder, delay, failWrites, slowWrites } = chaos.options;
    return { redeliver, reorder, delay, failWrites, slowWrites };
  };
  const closing = new AbortController();
  let seeding: Promise<unknown> | undefined;

  async function seed(count: number): Promise<SeedSummary> {
    // The names take long to load.
    const { problemsOf, seedRecords } = await import('@records/seeder');
    const seed = randomBytes(4).readUInt32BE();
    const result = await seedRecords({ count, seed, target: stack.seedTarget, signal: closing.signal });
    const { accepted, refused, visibleSeconds } = result;
    return { accepted, refused, visibleSeconds, problems: problemsOf(result) };
  }

  return {
    calls: {
      'GET form': async (): Promise<TroubleForm> => ({ faults: faults(), maxSeed: MAX_SEED }),
      async 'POST faults'(input: Input): Promise<Faults> {
        chaos.change(checkedFaults(input));
        return faults();
      },
      async 'POST kill'() {
        stack.killApi();
      },
      async 'POST probe'(): Promise<ProbeResult> {
        const { succeeded, how, lines } = await stack.runProbe();
        return { succeeded, how, lines: lines.slice(-MAX_LINES) };
      },
      async 'POST seed'({ count }: Input): Promise<SeedSummary> {
        if (!Number.isInteger(count) || Number(count) < 1 || Number(count) > MAX_SEED) {
          throw new Refusal({
            en: `"${count}" must be a whole number from 1 to ${MAX_SEED}. For more, type pnpm seed --count.`,
            es: `"${count}" debe ser un número entero de 1 a ${MAX_SEED}. Para más, use pnpm seed --count.`,
          });
        }
        if (seeding) {
          throw new Refusal({
            en: 'Another page is publishing records. Wait until it is done.',
            es: 'Otra página está publicando registros. Espere a que termine.',
          });
        }
        const work = seed(Number(count));
        seeding = work;
        try {
          return await work;
        } finally {
          seeding = undefined;
        }
      },
      async 'POST reset'(): Promise<ResetResult> {
        const project = `projects/${stack.outputs.project}`;
        const { subscriptions } = await pubsub.listSubscriptions({ project });
        // Everything that was published before the next second.
        const time = { seconds: Math.floor(Date.now() / 1_000) + 1 };
        for (const { name } of subscriptions) if (name) await pubsub.seek({ subscription: name, time });
        const query = `TRUNCATE TABLE ${quotedTable(stack.outputs.table)}`;
        const { numDmlAffectedRows } = await bigquery.query({ query, useLegacySql: false });
        return { rows: Number(numDmlAffectedRows ?? 0) };
      },
    },
    async close() {
      closing.abort();
      // Its failure is that of its call.
      await seeding?.catch(() => undefined);
    },
  };
}

function checkedFaults(input: Input): Partial<Faults> {
  for (const [name, value] of Object.entries(input)) {
    const isFault = FAULTS.some((fault) => fault === name);
    if (isFault && typeof value === 'number' && value >= 0 && value <= 1) continue;
    const known = FAULTS.join(', ');
    throw new Refusal({
      en: `"${name}" is ${value}: the faults are ${known}, each a probability from 0 to 1.`,
      es: `"${name}" es ${value}: las fallas son ${known}, cada una una probabilidad de 0 a 1.`,
    });
  }
  return input;
}

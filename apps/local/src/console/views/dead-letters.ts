import type { DeadLetterGroup, Mailbox } from '@records/stack/dead-letters';
import type { ActionResult, DeadLetterAction, DeadLetterList, ShownGroup } from '../dead-letters-state.ts';
import type { StackView } from '../stack-view.ts';
import { Refusal } from '../text.ts';
import type { Input, ServerView } from '../views.ts';

/** Dead letters that are looked at, as `pnpm ops dead-letters` does. */
const LIMIT = 10_000;
const MAX_GROUPS = 20;
const MAX_SAMPLES = 5;
/** Characters of a payload that are sent. */
const MAX_PAYLOAD = 2_000;
/** The local Pub/Sub tells at once what is there. */
const WAIT_MS = 0;

/** *Dead letters*: groups of them, and what may be done with a group. The same code serves `pnpm ops dead-letters`. */
export function open({ stack }: StackView): ServerView {
  let last: Promise<unknown> = Promise.resolve();

  /** One at a time: what one leases, another does not see. */
  function withMailbox<T>(use: (mailbox: Mailbox, code: DeadLetters) => Promise<T>): Promise<T> {
    const work = last.then(async () => {
      // Google's clients take half a second to load.
      const code = await import('@records/stack/dead-letters');
      await using mailbox = new code.Mailbox(stack.seedTarget, WAIT_MS);
      return await use(mailbox, code);
    });
    last = work.catch(() => undefined);
    return work;
  }

  return {
    calls: {
      'GET list': () =>
        withMailbox(async (mailbox, { list, groupsOf }): Promise<DeadLetterList> => {
          const found = await list(mailbox, { filter: {}, limit: LIMIT });
          const groups = groupsOf(found);
          const others = groups.slice(MAX_GROUPS);
          return {
            groups: groups.slice(0, MAX_GROUPS).map(shownGroup),
            otherGroups: others.length,
            otherDeadLetters: others.reduce((sum, { deadLetters }) => sum + deadLetters.length, 0),
            lookedAt: found.length,
            limit: LIMIT,
          };
        }),
      'POST act': (input: Input) => {
        const { action, group, dryRun } = checked(input);
        return withMailbox(async (mailbox, code): Promise<ActionResult> => {
          const selection = { filter: { group }, limit: LIMIT };
          if (action === 'discard') {
            const done = await code.discard(mailbox, selection, { dryRun });
            return { done, stopped: 0, maxReplays: code.MAX_REPLAYS, refused: 0 };
          }
          const { replayed, stopped, refused } = await code.replay(mailbox, selection, { dryRun });
          const [first] = refused;
          return {
            ...{ done: replayed, stopped, maxReplays: code.MAX_REPLAYS, refused: refused.length },
            ...(first && { refusal: first.reason }),
          };
        });
      },
    },
  };
}

type DeadLetters = typeof import('@records/stack/dead-letters');

function shownGroup({ key, source, reason, first, last, deadLetters }: DeadLetterGroup): ShownGroup {
  return {
    ...{ key, source, reason, first, last },
    count: deadLetters.length,
    samples: deadLetters.slice(0, MAX_SAMPLES).map(({ id, record, attempts, replays, data }) => {
      const payload = data.toString();
      const isLong = payload.length > MAX_PAYLOAD;
      return {
        ...{ id, record, attempts, replays },
        payload: isLong ? `${payload.slice(0, MAX_PAYLOAD).toWellFormed()}…` : payload,
      };
    }),
  };
}

function checked({ action, group, dryRun }: Input) {
  const isAction = (value: unknown): value is DeadLetterAction => value === 'replay' || value === 'discard';
  if (isAction(action) && typeof group === 'string' && typeof dryRun === 'boolean')
    return { action, group, dryRun };
  throw new Refusal({
    en: 'The call needs "action" (replay or discard), "group" (its key) and "dryRun" (true or false).',
    es: 'La llamada necesita "action" (replay o discard), "group" (su clave) y "dryRun" (true o false).',
  });
}

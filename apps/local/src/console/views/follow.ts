import { randomBytes } from 'node:crypto';
import { reasonOf } from '@records/cli';
import type { MessageStep } from '@records/local-cloud';
import { COLUMN_NAMES, RecordRow } from '@records/records-schema';
import { type Follow, type FollowForm, VARIANTS, type Variant } from '../follow-state.ts';
import type { StackView } from '../stack-view.ts';
import { Refusal } from '../text.ts';
import type { Input, ServerView } from '../views.ts';

/** Follows that are kept, the newest first. */
const MAX_FOLLOWS = 8;
/** After this long without an end, a message is no longer followed. Milliseconds. */
const FOLLOW_MS = 60_000;
/** Between two questions to the API. */
const ASK_MS = 100;
const ANSWER_TIMEOUT_MS = 5_000;

/** The field that *without* leaves out, and that *conflicting* changes. */
const FIELD = 'apellido' satisfies keyof RecordRow;

interface Running extends Follow {
  readonly began: number;
  steps: Follow['steps'];
  over: boolean;
}

/** *Follow one*: publishes one record as the stack's publisher, and tells what becomes of it. */
export function open({ stack }: StackView): ServerView {
  let follows: readonly Running[] = [];
  const listeners = new Set<(follows: unknown) => void>();
  const show = () => {
    for (const listener of listeners) listener(follows.map(({ began: _, ...follow }) => follow));
  };
  const add = (follow: Running, step: Omit<Follow['steps'][number], 'ms'>, isLast = false) => {
    if (follow.over) return;
    follow.over = isLast;
    follow.steps = [...follow.steps, { ...step, ms: performance.now() - follow.began }];
    show();
  };

  async function publish(follow: Running, messages: readonly object[], traceparent: string): Promise<void> {
    const { topic } = stack.outputs;
    const member = stack.publisher?.member;
    const token = member && stack.cloud.accessTokenFor(member.slice('serviceAccount:'.length));
    const response = await fetch(`http://${stack.environment.PUBSUB_EMULATOR_HOST}/v1/${topic}:publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({
        messages: messages.map((message) => ({
          data: Buffer.from(JSON.stringify(message)).toString('base64'),
          attributes: { googclient_traceparent: traceparent },
        })),
      }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const answer = (await response.json()) as { error?: { message: string } };
    if (answer.error) {
      add(follow, { step: 'refused', detail: answer.error.message }, true);
    } else add(follow, { step: 'accepted', detail: topic });
  }

  /** Asks the API until it serves the record. */
  async function untilServed(follow: Running): Promise<void> {
    const url = `${stack.outputs.apiUrl}/records/${encodeURIComponent(follow.id)}`;
    while (!follow.over) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
        const text = await response.text();
        if (response.ok) {
          add(follow, { step: 'served', detail: text }, true);
        }
      } catch {
        // It restarts: the pipeline says so. The next question may be answered.
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    }
  }

  function stepped(follow: Running, step: MessageStep): void {
    switch (step.step) {
      case 'published':
        if (step.topic === stack.outputs.topic) return;
        add(follow, { step: 'dead-lettered', detail: step.topic }, true);
        return;
      case 'delivered':
        add(follow, { step: 'delivered', detail: step.subscription, attempt: step.attempt });
        return;
      case 'failed':
        add(follow, { step: 'failed', detail: step.reason ?? '', attempt: step.attempt });
        return;
      case 'acknowledged':
        add(follow, { step: 'stored', detail: stack.outputs.table });
        if (!follow.steps.some(({ step }) => step === 'asked')) {
          add(follow, { step: 'asked', detail: stack.outputs.apiUrl });
          void untilServed(follow);
        }
    }
  }

  return {
    calls: {
      'GET form': async (): Promise<FollowForm> => ({
        fields: COLUMN_NAMES.map((name) => ({
          name,
          description: RecordRow.properties[name].description ?? '',
          maxLength: RecordRow.properties[name].maxLength ?? 0,
        })),
        person: await madeUp(),
      }),
      async 'POST publish'(input: Input) {
        const { record, variant } = checked(input);
        const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
        const follow: Running = {
          id: record.id ?? '',
          variant,
          steps: [],
          over: false,
          began: performance.now(),
        };
        follows = [follow, ...follows].slice(0, MAX_FOLLOWS);
        const stop = stack.cloud.pubsub.follow(traceparent, (step) => stepped(follow, step));
        setTimeout(() => {
          stop();
          follow.over = true;
          show();
        }, FOLLOW_MS).unref();
        try {
          await publish(follow, messagesOf(record, variant), traceparent);
        } catch (error) {
          add(follow, { step: 'unanswered', detail: reasonOf(error) }, true);
        }
      },
    },
    watch(send) {
      listeners.add(send);
      show();
      return () => listeners.delete(send);
    },
    async close() {
      for (const follow of follows) follow.over = true;
    },
  };
}

/** A person with a new id. */
async function madeUp(): Promise<Record<string, string>> {
  // The names take long to load, and only this view needs them.
  const { DEFAULT_LOCALE, People } = await import('@records/seeder');
  return { ...new People({ seed: randomBytes(4).readUInt32BE(), locale: DEFAULT_LOCALE }).at(0) };
}

function messagesOf(record: Readonly<Record<string, string>>, variant: Variant): readonly object[] {
  switch (variant) {
    case 'without': {
      const { [FIELD]: _, ...rest } = record;
      return [rest];
    }
    case 'extra':
      return [{ ...record, extra: 'x' }];
    case 'twice':
      return [record, record];
    case 'conflicting':
      return [record, { ...record, [FIELD]: `${record[FIELD]} 2` }];
    default:
      return [record];
  }
}

function checked({ record, variant }: Input): { record: Record<string, string>; variant: Variant } {
  const isRecord =
    typeof record === 'object' &&
    record !== null &&
    Object.values(record).every((text) => typeof text === 'string');
  if (!isRecord) {
    throw new Refusal({
      en: '"record" must hold texts by the names of their fields',
      es: '"record" debe tener textos por los nombres de sus campos',
    });
  }
  if (!VARIANTS.some((known) => known === variant)) {
    const known = VARIANTS.join(', ');
    throw new Refusal({
      en: `"variant" must be one of ${known}`,
      es: `"variant" debe ser uno de ${known}`,
    });
  }
  return { record: record as Record<string, string>, variant: variant as Variant };
}

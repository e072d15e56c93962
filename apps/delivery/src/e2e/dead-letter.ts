import { Mailbox } from '@records/operator';
import type { Pipeline } from './pipeline.ts';
import { projectOf, type Subject } from './subject.ts';

/** Letters that are looked at. */
const LIMIT = 1_000;
/** How long an empty subscription is asked for more. */
const WAIT_MS = 1_000;

/** Removes the run's own letter and answers its reason; undefined while it is not there. All others stay. */
export async function takeLetter(
  { topic, environment }: Subject,
  { table, deadLetterSubscription }: Pipeline,
  mark: string,
): Promise<string | undefined> {
  const given = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const target = {
    projectId: projectOf(topic),
    ...{ topic, table, deadLetterSubscription },
    environment: Object.fromEntries(given),
  };
  await using mailbox = new Mailbox(target, WAIT_MS);
  for await (const letters of mailbox.lease(LIMIT)) {
    const ours = letters.filter(({ attributes }) => attributes.e2e === mark);
    if (ours.length === 0) continue;
    await mailbox.remove(ours);
    return ours[0]?.reason ?? '';
  }
  return undefined;
}

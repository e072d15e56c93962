import { table } from '@records/cli';
import type { DeadLetter } from './dead-letter.ts';

const HEADINGS = ['ID', 'DEAD SINCE', 'ATTEMPTS', 'REPLAYS', 'SOURCE', 'REASON'];

/** One line per dead letter, without the payload, which is a person. */
export function tableOf(deadLetters: readonly DeadLetter[]): string {
  const rows = deadLetters.map(({ id, since, attempts, replays, source, reason }) => [
    ...[id, since, String(attempts ?? '?'), String(replays), source ?? '?'],
    oneLine(reason ?? 'no reason given'),
  ]);
  return table([HEADINGS, ...rows]);
}

export function detailsOf(deadLetter: DeadLetter): string {
  return table([
    ['id', deadLetter.id],
    ['dead since', deadLetter.since],
    ['published', deadLetter.published ?? '?'],
    ['source', deadLetter.source ?? '?'],
    ['attempts', String(deadLetter.attempts ?? '?')],
    ['replays', String(deadLetter.replays)],
    ['trace', deadLetter.trace ?? 'none'],
    ['reason', oneLine(deadLetter.reason ?? 'no reason given')],
    ['payload', oneLine(deadLetter.data.toString())],
  ]);
}

/** A dead letter as JSON; `payload` adds the message itself. */
export function jsonOf(deadLetter: DeadLetter, payload: boolean): object {
  const { id, since, published, source, attempts, replays, trace, reason, attributes, data } = deadLetter;
  const described = { id, since, published, source, attempts, replays, trace, reason };
  return payload ? { ...described, attributes, payload: data.toString() } : described;
}

/** Escapes control characters: a publisher's text must not move the cursor or end the line. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}

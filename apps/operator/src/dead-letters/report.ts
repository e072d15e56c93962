import { oneLine, table } from '@records/cli';
import { type DeadLetter, groupsOf } from '@records/stack/dead-letters';

/** Characters of a record's id. */
const SHOWN_ID = 40;
/** Records that a group names; the others are counted. */
const SHOWN_RECORDS = 5;
const NO_REASON = 'no reason given';

/** Groups that are shown: a reason may quote a value, and then each message has its own. */
const SHOWN_GROUPS = 20;

const GROUP_HEADINGS = ['COUNT', 'FIRST', 'LAST', 'SOURCE', 'REASON', 'RECORDS'];

/** One line per subscription and reason, the most frequent first, with the ids of the first records. */
export function groupTable(all: readonly DeadLetter[]): string {
  const groups = groupsOf(all);
  const rows = groups
    .slice(0, SHOWN_GROUPS)
    .map(({ deadLetters, first, last, source = '?', reason = NO_REASON }) => [
      ...[String(deadLetters.length), first, last, source],
      ...[oneLine(reason), recordsOf(deadLetters)],
    ]);
  const rest = groups.slice(SHOWN_GROUPS).flatMap(({ deadLetters }) => deadLetters);
  const more = `\n${groups.length - SHOWN_GROUPS} other reasons, of ${rest.length} dead letters`;
  return `${table([GROUP_HEADINGS, ...rows])}${rest.length > 0 ? more : ''}`;
}

function recordsOf(group: readonly DeadLetter[]): string {
  const shown = group.slice(0, SHOWN_RECORDS).map(({ record = '?' }) => shortened(record));
  const rest = group.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

const HEADINGS = ['ID', 'DEAD SINCE', 'ATTEMPTS', 'REPLAYS', 'SOURCE', 'RECORD', 'REASON'];

/** One line per dead letter, without the payload, which is a person. */
export function tableOf(deadLetters: readonly DeadLetter[]): string {
  const rows = deadLetters.map(({ id, since, attempts, replays, source, record = '?', reason }) => [
    ...[id, since, String(attempts ?? '?'), String(replays), source ?? '?'],
    ...[shortened(record), oneLine(reason ?? NO_REASON)],
  ]);
  return table([HEADINGS, ...rows]);
}

export function detailsOf(deadLetter: DeadLetter): string {
  return table([
    ['id', deadLetter.id],
    ['dead since', deadLetter.since],
    ['published', deadLetter.published ?? '?'],
    ['record', oneLine(deadLetter.record ?? '?')],
    ['source', deadLetter.source ?? '?'],
    ['attempts', String(deadLetter.attempts ?? '?')],
    ['replays', String(deadLetter.replays)],
    ['trace', deadLetter.trace ?? 'none'],
    ['reason', oneLine(deadLetter.reason ?? NO_REASON)],
    ['payload', oneLine(deadLetter.data.toString())],
  ]);
}

/** A dead letter as JSON; `payload` adds the message itself. */
export function jsonOf(deadLetter: DeadLetter, payload: boolean): object {
  const { id, record, since, published, source, attempts, replays, trace, reason, attributes, data } =
    deadLetter;
  const described = { id, record, since, published, source, attempts, replays, trace, reason };
  return payload ? { ...described, attributes, payload: data.toString() } : described;
}

function shortened(record: string): string {
  const text = oneLine(record);
  return text.length > SHOWN_ID ? `${text.slice(0, SHOWN_ID - 1).toWellFormed()}…` : text;
}

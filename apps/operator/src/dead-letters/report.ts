import type { DeadLetter } from './letter.ts';

const HEADINGS = ['ID', 'DEAD SINCE', 'ATTEMPTS', 'REPLAYS', 'SOURCE', 'REASON'];

/** One line per letter, without the payload: a payload is a person. */
export function tableOf(letters: readonly DeadLetter[]): string {
  const rows = letters.map(({ id, since, attempts, replays, source, reason }) => [
    id,
    since,
    String(attempts ?? '?'),
    String(replays),
    source ?? '?',
    oneLine(reason ?? 'no reason given'),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [HEADINGS, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function detailsOf(letter: DeadLetter): string {
  const rows: [string, string][] = [
    ['id', letter.id],
    ['dead since', letter.since],
    ['published', letter.published ?? '?'],
    ['source', letter.source ?? '?'],
    ['attempts', String(letter.attempts ?? '?')],
    ['replays', String(letter.replays)],
    ['trace', letter.trace ?? 'none'],
    ['reason', oneLine(letter.reason ?? 'no reason given')],
    ['payload', oneLine(letter.data.toString())],
  ];
  return rows.map(([label, value]) => `${label.padEnd(12)}${value}`).join('\n');
}

/** For machines; the payload only where it was asked for. */
export function jsonOf(letter: DeadLetter, payload: boolean): object {
  const { id, since, published, source, attempts, replays, trace, reason, attributes, data } = letter;
  const described = { id, since, published, source, attempts, replays, trace, reason };
  return payload ? { ...described, attributes, payload: data.toString() } : described;
}

/** A reason or payload is a publisher's text: it must not move the cursor or end the line. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}

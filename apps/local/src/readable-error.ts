import { REPOSITORY } from '@records/stack';
import { parseEntry, textOf } from './log-entry.ts';

/** Frames, fields and marks of Node about an error, beside the place and the message. */
const NOISE = /^\s*(at .*(\(?node:|\/node_modules\/)|(code|url): '.*'|Node\.js v[\d.]+|\}|$)/;

/**
 * An error of a process as a person wants it: without Node's own frames, each log line as its message, and the files of the
 * repository by their short names.
 */
export function readable(text: string): string {
  let isInternal = false;
  const lines = text.split('\n').flatMap((line) => {
    // Where Node threw, up to an empty line: `node:internal/modules/run_main:107`, its source and a mark.
    if (line.startsWith('node:')) isInternal = true;
    else if (line === '') isInternal = false;
    if (isInternal || NOISE.test(line)) return [];
    const entry = parseEntry(line);
    return entry ? textOf(entry) : [line];
  });
  return lines.join('\n').replaceAll('file://', '').replaceAll(`${REPOSITORY}/`, '');
}

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudError } from './errors.ts';
import { writeFileAtomically } from './files.ts';

/** Of everything in the folder of a local cloud. Raise it with any change that an older version would misread. */
const FORMAT = 1;

/** The parts that keep data of their own, and the file without which a part has none. */
const FILES = {
  bigquery: 'bigquery/bigquery.duckdb',
  pubsub: 'pubsub/pubsub.sqlite',
  iam: 'iam/grants.json',
} as const;

export type StoredPart = keyof typeof FILES;

/**
 * Answers the parts without data, before they are opened: whatever a Pulumi state says of them is not there any more. Throws
 * CloudError FAILED_PRECONDITION for a folder of another format.
 */
export function openDataFolder(folder: string): readonly StoredPart[] {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'format.json');
  // A folder without the file is new, or from before there were formats: that is format 1.
  if (existsSync(file)) checkFormat(file, readFileSync(file, 'utf8'));
  else writeFileAtomically(file, `${JSON.stringify({ format: FORMAT })}\n`);
  const parts = Object.keys(FILES) as StoredPart[];
  return parts.filter((part) => !existsSync(join(folder, FILES[part])));
}

function checkFormat(file: string, text: string): void {
  let format: unknown;
  try {
    ({ format } = JSON.parse(text));
  } catch {
    // Like any other content that is no format.
  }
  if (format === FORMAT) return;
  const found = typeof format === 'number' ? `format ${format}` : 'an unknown format';
  throw new CloudError('FAILED_PRECONDITION', `${file} names ${found}, and this version reads ${FORMAT}.`, {
    hint: 'use the version that wrote the data, or move the folder away to start without it',
  });
}

/** The error of a data file that cannot be read, with the way out. */
export function unreadable(file: string, reason: string, cause: unknown): CloudError {
  return new CloudError('FAILED_PRECONDITION', `${file} cannot be read: ${reason}.`, {
    hint: `move ${file} away to start without it: what the program declares is then made again, and empty`,
    cause,
  });
}

/** The part that holds what a resource of this type creates; undefined for one that keeps nothing itself. */
export function partOf(type: string): StoredPart | undefined {
  if (/IamMember$/i.test(type)) return 'iam';
  if (type.startsWith('gcp:bigquery/')) return 'bigquery';
  if (type.startsWith('gcp:pubsub/')) return 'pubsub';
  return undefined;
}

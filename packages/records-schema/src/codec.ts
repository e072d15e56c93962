import { TypeCompiler } from '@sinclair/typebox/compiler';
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors';
import { columns } from './columns.ts';
import { COLUMN_NAMES, RecordRow, unitPerCharacter } from './record.ts';

/** One broken rule of one field. */
export interface RecordIssue {
  /** Name of the field, or `(record)` when the value as a whole is wrong. */
  readonly field: string;
  /** The rule, as a phrase that follows the field's name: "must be at most 128 characters". */
  readonly rule: string;
  /** The value that broke it, as JSON and shortened; undefined when the field is missing. */
  readonly value: string | undefined;
}

/** A value that is not a record. `issues` lists every broken rule. */
export class InvalidRecordError extends Error {
  override readonly name = 'InvalidRecordError';
  readonly issues: readonly RecordIssue[];

  constructor(issues: readonly RecordIssue[]) {
    super(`not a valid record: ${issues.map(describe).join('; ')}`);
    this.issues = issues;
  }
}

const row = TypeCompiler.Compile(RecordRow);
const optionalColumns = columns.filter(({ required }) => !required);
const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns `value` typed as a record. Throws InvalidRecordError. */
export function parseRecord(value: unknown): RecordRow {
  const counted = withUnitPerCharacter(value);
  if (!row.Check(counted)) throw new InvalidRecordError(issuesOf(counted, value));
  const record = value as RecordRow;
  // Encoding a lone surrogate in UTF-8 would silently change the text. JSON Schema cannot express the rule.
  for (const field of COLUMN_NAMES) {
    if (record[field]?.isWellFormed() ?? true) continue;
    throw new InvalidRecordError([
      { field, rule: 'must be well-formed Unicode', value: excerpt(JSON.stringify(record[field])) },
    ]);
  }
  return record;
}

/** The value with its texts in the form whose length TypeBox counts right. */
function withUnitPerCharacter(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [
      name,
      typeof text === 'string' ? unitPerCharacter(text) : text,
    ]),
  );
}

/**
 * The message data of a record: Avro's JSON encoding in UTF-8, with fields in the order of the columns, so equal records give
 * equal bytes. An optional column is `{"string": "…"}` or null. Throws InvalidRecordError.
 */
export function encodeRecord(record: RecordRow): Uint8Array {
  const row: Record<string, string | undefined> = parseRecord(record);
  const message = Object.fromEntries(
    columns.map(({ name, required }) => {
      const text = row[name];
      return [name, required ? text : text === undefined ? null : { string: text }];
    }),
  );
  return utf8Encoder.encode(JSON.stringify(message));
}

/** The record in the data of a message. Throws InvalidRecordError. */
export function decodeRecord(data: Uint8Array): RecordRow {
  const message = parseJson(data);
  if (typeof message !== 'object' || message === null) return parseRecord(message);
  const row: Record<string, unknown> = { ...message };
  for (const { name } of optionalColumns) {
    const value = row[name];
    if (value === null) delete row[name];
    else if (isWrapped(value)) row[name] = value.string;
  }
  return parseRecord(Array.isArray(message) ? message : row);
}

function isWrapped(value: unknown): value is { string: unknown } {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'string';
}

function parseJson(data: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8Decoder.decode(data);
  } catch {
    throw new InvalidRecordError([{ field: '(record)', rule: 'must be UTF-8', value: undefined }]);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidRecordError([
      { field: '(record)', rule: `must be JSON (${reason})`, value: excerpt(text) },
    ]);
  }
}

function issuesOf(counted: unknown, value: unknown): RecordIssue[] {
  const issues = new Map<string, RecordIssue>();
  for (const error of row.Errors(counted)) {
    const field = error.path.slice(1) || '(record)';
    // TypeBox reports a missing field a second time, as "not a string".
    if (issues.has(field)) continue;
    issues.set(field, { field, rule: ruleOf(error), value: shownValue(error, value) });
  }
  return [...issues.values()];
}

function shownValue({ path, type, value }: ValueError, whole: unknown): string | undefined {
  if (type === ValueErrorType.ObjectRequiredProperty) return undefined;
  const given = path === '' ? value : ((whole as Record<string, unknown>)[path.slice(1)] ?? value);
  return excerpt(JSON.stringify(given) ?? String(given));
}

function ruleOf({ type, schema, value, message }: ValueError): string {
  switch (type) {
    case ValueErrorType.ObjectRequiredProperty:
      return 'is required';
    case ValueErrorType.ObjectAdditionalProperties:
      return `is not a field of a record (${COLUMN_NAMES.join(', ')})`;
    case ValueErrorType.Object:
      return 'must be a JSON object';
    case ValueErrorType.String:
      return 'must be a string';
    case ValueErrorType.StringMinLength:
      return 'must not be empty';
    case ValueErrorType.StringMaxLength:
      return `must be at most ${schema.maxLength} characters, not ${String(value).length}`;
    case ValueErrorType.StringPattern:
      return schema['x-rule'] ?? `must match ${schema.pattern}`;
    default:
      return message;
  }
}

function describe({ field, rule, value }: RecordIssue): string {
  return value === undefined ? `${field} ${rule}` : `${field} ${rule}, got ${value}`;
}

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

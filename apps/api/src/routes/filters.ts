import { createHash } from 'node:crypto';
import { canonical, RecordRow, TEXT_MAX_LENGTH } from '@records/records-schema';
import { Type } from '@sinclair/typebox';
import { ProblemError } from '../problems/problem.ts';
import { WarehouseError } from '../warehouse/errors.ts';
import type { RecordFilter } from '../warehouse/warehouse.ts';

const MAX_VALUES = 20;

const values = (field: keyof RecordFilter, minLength: 0 | 1) =>
  Type.Optional(
    Type.Array(Type.String({ minLength, maxLength: TEXT_MAX_LENGTH }), {
      minItems: 1,
      maxItems: MAX_VALUES,
      'x-rule': `must be 1 to ${MAX_VALUES} values of ${minLength} to ${TEXT_MAX_LENGTH} characters`,
      description: `Only records whose \`${field}\` is exactly this value, in whichever Unicode form (NFC, NFD) either is written. Repeat the parameter to accept several values.`,
      examples: [RecordRow.properties[field].examples],
    }),
  );

export const filterParameters = {
  nombre: values('nombre', 1),
  apellido: values('apellido', 1),
  pais: values('pais', 1),
};

/** The same for a form, whose empty fields are sent, too. Drop them by `filledFields`. */
export const formParameters = {
  nombre: values('nombre', 0),
  apellido: values('apellido', 0),
  pais: values('pais', 0),
};

export function filledFields({ nombre = [], apellido = [], pais = [] }: RecordFilter): RecordFilter {
  const filled = Object.entries({ nombre, apellido, pais })
    .map(([name, values]) => [name, values.filter((value) => value !== '')] as const)
    .filter(([, values]) => values.length > 0);
  return Object.fromEntries(filled);
}

/**
 * Longest filter in a link, in characters: each link stays a URL that is accepted, and the four of a page stay within the 16 KiB of
 * headers that Node's clients read. NFC can make a text three times as long.
 */
const MAX_FILTER_LENGTH = 3_500;

/** The filter of a query, with canonical values in a canonical order; undefined when the query has none. Throws `uri-too-long`. */
export function filterOf(query: RecordFilter): RecordFilter | undefined {
  const { nombre, apellido, pais } = query;
  if (!nombre && !apellido && !pais) return undefined;
  const inOrder = (values: readonly string[]) => [...new Set(values.map(canonical))].sort();
  const filter = {
    ...(nombre && { nombre: inOrder(nombre) }),
    ...(apellido && { apellido: inOrder(apellido) }),
    ...(pais && { pais: inOrder(pais) }),
  };
  const { length } = filterQuery(filter);
  if (length <= MAX_FILTER_LENGTH) return filter;
  throw new ProblemError(
    'uri-too-long',
    `The filter may be ${MAX_FILTER_LENGTH} characters long, percent-encoded and in Unicode NFC, not ${length}. Send fewer or shorter values.`,
  );
}

/** The filter as query parameters, each after an `&`. */
export function filterQuery(filter: RecordFilter | undefined): string {
  if (!filter) return '';
  return Object.entries(filter)
    .flatMap(([name, values]) => values.map((value: string) => `&${name}=${encodeURIComponent(value)}`))
    .join('');
}

/** The part of an entity tag that identifies the filter. */
export function filterTag(filter: RecordFilter | undefined): string {
  if (!filter) return '';
  return `-${createHash('sha256').update(JSON.stringify(filter)).digest('hex').slice(0, 16)}`;
}

/** Awaits a count of countries. Throws `list-too-large`. */
export async function countable<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (cause) {
    if (!(cause instanceof WarehouseError) || cause.reason !== 'listTooLarge') throw cause;
    throw new ProblemError(
      'list-too-large',
      'The list has more countries than the service counts. Export it from /records.ndjson and count there.',
    );
  }
}

import { hash } from 'node:crypto';
import type { ChaosOptions } from '@records/local-cloud';
import type { RecordRow } from '@records/records-schema';

export interface ChaosSize {
  /** 0 to 2^32 - 1. */
  readonly seed: number;
  /** Messages to publish, with copies and poison; from 1. */
  readonly messages: number;
  /** How often to kill -9 the local cloud, from 0; the API and a publisher half as often. */
  readonly kills: number;
}

export type Fault = { readonly at: number } & (
  | {
      readonly kind:
        | 'kill -9 the local cloud'
        | 'kill -9 the API'
        | 'kill -9 the helpers of the local cloud, then itself'
        | 'reset the connections of the publishers'
        | 'close the output of the API'
        | 'fill the output of the API'
        | 'stop reading the output of the API'
        | 'open silent connections to the API, then stop it'
        | 'read slowly from the API, then stop it'
        | 'publish odd records';
    }
  | { readonly kind: 'kill -9 a publisher'; readonly publisher: number }
  | { readonly kind: 'pause the local cloud'; readonly ms: number }
  | { readonly kind: 'step the clock of an API' | 'step the clock of the machine'; readonly ms: number }
);

/** Publishers, which share the messages. */
export const PUBLISHERS = 2;

/** Every `step`th message from `first` on. */
export interface Share {
  readonly first: number;
  readonly step: number;
}

/** The messages and faults that a seed determines. A fault comes at a number of acknowledged messages. */
export interface Plan extends ChaosSize {
  readonly faults: readonly Fault[];
  /** The faults that the local cloud injects itself. */
  readonly chaos: ChaosOptions;
}

const DUPLICATES = 0.05;
const POISON = 0.01;
/** A record with this field is poison: Avro ignores the field, and the table lacks it. */
export const POISON_FIELD = 'edad';
/** Share of the messages after which only the last kill comes, so that messages in flight outlive the faults. */
const FAULTS_UNTIL = 0.9;
/** The most messages that come during a fault: a share of all. */
const IN_FLIGHT_SHARE = 1 / 40;
const PAUSE_MAX_MS = 1_500;
/** A wall clock that is put right, or whose time zone was wrong. */
const STEP_MS = 3_600_000;
/** Faults without details, which come half as often as kills of the local cloud. */
const PLAIN_FAULTS = [
  'kill -9 the API',
  'kill -9 the helpers of the local cloud, then itself',
  'reset the connections of the publishers',
  'close the output of the API',
  'fill the output of the API',
  'stop reading the output of the API',
  'open silent connections to the API, then stop it',
  'read slowly from the API, then stop it',
] as const;

/** No id of another record has it. */
const ODD = '~odd~';
/** For LIKE. */
export const ODD_IDS = `%${ODD}%`;
const LONG_CHARACTERS = 9_000_000;

/** The plan of a size; always the same. */
export function planOf(size: ChaosSize): Plan {
  const { seed, messages, kills } = size;
  const moment = (kind: string, n: number) => Math.floor(luck(seed, kind, n) * FAULTS_UNTIL * messages);
  const others = Array.from({ length: Math.ceil(kills / 2) }, (_, n) => n);
  const faults: Fault[] = [
    // The last of several kills comes when all is published and much is not yet written.
    ...Array.from({ length: kills }, (_, n) => ({
      at: n > 0 && n === kills - 1 ? messages : moment('kill', n),
      kind: 'kill -9 the local cloud' as const,
    })),
    ...PLAIN_FAULTS.flatMap((kind) => others.map((n) => ({ at: moment(kind, n), kind }))),
    ...others.map((n) => ({
      at: moment('kill publisher', n),
      kind: 'kill -9 a publisher' as const,
      publisher: Math.floor(luck(seed, 'publisher', n) * PUBLISHERS),
    })),
    // Once: the records stay, so every later fault meets them.
    ...others.slice(0, 1).map((n) => ({ at: moment('odd', n), kind: 'publish odd records' as const })),
    ...(['an API', 'the machine'] as const).flatMap((victim) =>
      others.map((n) => ({
        at: moment(`step ${victim}`, n),
        kind: `step the clock of ${victim}` as const,
        ms: luck(seed, `step of ${victim}`, n) < 0.5 ? -STEP_MS : STEP_MS,
      })),
    ),
    ...others.map((n) => ({
      at: moment('pause', n),
      kind: 'pause the local cloud' as const,
      ms: 1 + Math.floor(luck(seed, 'pause length', n) * PAUSE_MAX_MS),
    })),
  ];
  return {
    ...size,
    faults: faults.toSorted((a, b) => a.at - b.at),
    chaos: { redeliver: 0.05, reorder: 0.1, delay: 0.02, failWrites: 0.05, slowWrites: 0.05, seed },
  };
}

/** The messages that come during a fault and the checks after it. All faults together take at most half, so that the last ones meet some. */
export function inFlightOf({ messages, faults }: Plan): number {
  return Math.ceil(messages * Math.min(IN_FLIGHT_SHARE, 0.5 / faults.length));
}

export interface PlannedMessage {
  /** Its own number, or that of the message it copies. */
  readonly index: number;
  readonly record: RecordRow;
  /** Accepted by the topic and rejected by the table. */
  readonly isPoison: boolean;
}

/** The nth message of a plan, from 0. */
export function messageOf(seed: number, n: number): PlannedMessage {
  if (isPoison(seed, n)) return { index: n, record: recordOf(seed, n), isPoison: true };
  const index = isCopy(seed, n) ? originalOf(seed, n) : n;
  return { index, record: recordOf(seed, index), isPoison: false };
}

function isPoison(seed: number, n: number): boolean {
  return luck(seed, 'kind', n) < POISON;
}

function isCopy(seed: number, n: number): boolean {
  return n > 0 && !isPoison(seed, n) && luck(seed, 'kind', n) < POISON + DUPLICATES;
}

/** An earlier message that is neither poison nor a copy, or else the message itself. */
function originalOf(seed: number, n: number): number {
  let original = Math.floor(luck(seed, 'original', n) * n);
  while (original > 0 && (isPoison(seed, original) || isCopy(seed, original))) original -= 1;
  return isPoison(seed, original) ? n : original;
}

export function recordOf(seed: number, index: number): RecordRow {
  const id = `${digest(seed, 'id', index).toString('hex').slice(0, 8)}-${index.toString(36)}`;
  return { id, nombre: `María ${index}`, apellido: 'Núñez Cárdenas', pais: 'México' };
}

/**
 * Records that the topic accepts and that are hard to serve: texts of 9,000,000 characters, next to each other in the list,
 * and texts that start with U+FEFF, which decoders of UTF-8 drop.
 */
export function oddRecords(seed: number): RecordRow[] {
  const middle = digest(seed, 'odd', 0).toString('hex').slice(0, 8);
  const plain = { nombre: 'María', apellido: 'Núñez Cárdenas', pais: 'México' };
  return [
    ...['a', 'b', 'c', 'd'].map((part) => ({
      ...plain,
      id: `${middle}${ODD}${part}`,
      nombre: 'n'.repeat(LONG_CHARACTERS),
    })),
    { ...plain, id: `${middle}${ODD}e`, nombre: '\uFEFFMaría' },
    { ...plain, id: `\uFEFF${middle}${ODD}f` },
  ];
}

export function isOdd(id: string): boolean {
  return id.includes(ODD);
}

/** Undefined for an id that no plan makes. */
export function indexOf(id: string): number | undefined {
  const index = Number.parseInt(id.split('-')[1] ?? '', 36);
  return Number.isNaN(index) ? undefined : index;
}

/** From 0 to below 1; always the same for the same arguments. */
function luck(seed: number, kind: string, n: number): number {
  return digest(seed, kind, n).readUInt32BE() / 2 ** 32;
}

/** Always the same for the same arguments. */
export function digest(seed: number, kind: string, n: number): Buffer {
  return hash('sha1', `${seed} ${kind} ${n}`, 'buffer');
}

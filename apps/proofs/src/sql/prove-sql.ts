import { type FunctionSignature, functionSignatures } from '@records/local-cloud';
import { Draws } from '@records/seeder';
import { conclude, whole } from '../shared/report.ts';
import type { Answer, Side } from './answer.ts';
import { judge, type Verdict } from './compare.ts';
import { type Sample, writeCorpus } from './corpus.ts';
import { explanationOf, NOT_EVALUATED } from './differences.ts';
import type { GeneratedQuery } from './generated-query.ts';
import { Grammar } from './grammar.ts';
import { PLAIN } from './literals.ts';
import { LocalSide } from './local.ts';
import { shrink, textOf, within } from './piece.ts';
import { Progress } from './progress.ts';
import { writtenQuestions } from './questions.ts';
import type { Tables } from './sources.ts';
import { TABLES } from './tables.ts';
import { NoEvaluatorError, ZetaSql } from './zetasql.ts';

const BATCH = 500;
const AT_ONCE = 4;
/** Differences of one kind that are made small, and all of a run. */
const SHRUNK = { kind: 3, run: 300 } as const;
/** What the corpus takes beside written queries: of up to so many characters, with answers, of each signature and of everything else. */
const SAMPLE = { length: 400, signature: 2, others: 250 } as const;
const SHRINK_STEPS = 120;
/** Queries that show whether the evaluator has a function. */
const TRIALS = 40;

/** The verdicts that break the promise. */
const BROKEN: readonly Verdict[] = [
  'wrong',
  'accepts what Google refuses',
  'blames the user',
  'server error',
];

interface Sides {
  readonly google: ZetaSql;
  readonly ours: LocalSide;
}

interface Choice {
  readonly queries: number;
  readonly seed: number;
  /** The file for queries on which both agree, with the answer. */
  readonly corpus?: string | undefined;
}

interface Finding {
  readonly verdict: Verdict;
  readonly text: string;
  readonly google: Answer;
  readonly ours: Answer;
  /** Milliseconds that ours and Google's took. */
  readonly times: readonly number[];
}

/** How often something was said, and the shortest query of it. */
type Counts = Map<string, { readonly count: number; readonly example: string }>;

/** Compares the local BigQuery with Google's evaluator over generated queries. */
export async function proveSql({ queries, seed, corpus }: Choice, stop: AbortSignal): Promise<void> {
  let google: ZetaSql;
  try {
    google = await ZetaSql.start();
  } catch (error) {
    if (!(error instanceof NoEvaluatorError)) throw error;
    console.log(`skipped: ${error.message}`);
    return;
  }
  await using _ = google;
  await using ours = await LocalSide.start();
  const tables = await tablesOf({ google, ours });
  const grammar = new Grammar(new Draws(seed), tables, await evaluatedSignatures(google, tables));
  const run = new Run({ google, ours }, grammar);
  for (const question of writtenQuestions()) await run.ask(question);
  await run.over(queries, stop);
  if (corpus !== undefined) await writeCorpus(corpus, run.agreed);
}

/** The signatures of the functions that the evaluator computes: it is some years old, and lists some that it does not have. */
async function evaluatedSignatures(google: ZetaSql, tables: Tables): Promise<FunctionSignature[]> {
  const all = functionSignatures();
  const grammar = new Grammar(new Draws(0), tables, all);
  const unknown = new Set<string>();
  for (const signature of grammar.signatures)
    for (let trial = 0; trial < TRIALS && !unknown.has(signature.name); trial += 1) {
      const answer = await google.answer(textOf(grammar.about(signature, trial).piece));
      if (answer && !('error' in answer)) break;
      if (answer && lacks(answer.error, signature.name)) unknown.add(signature.name);
    }
  if (unknown.size > 0)
    console.log(`Not judged, since ZetaSQL does not compute it: ${[...unknown].join(', ')}`);
  return all.filter(({ name }) => !unknown.has(name));
}

function lacks(error: string, name: string): boolean {
  const [, named = ''] = /^(?:Function not found|Unsupported built-in function): ([\w.]+)/.exec(error) ?? [];
  return named.toUpperCase() === name;
}

/** The columns of the tables. Throws when the sides do not hold the same rows. */
async function tablesOf({ google, ours }: Sides): Promise<Tables> {
  const tables: Tables = new Map();
  for (const name of Object.keys(TABLES)) {
    const query = `SELECT * FROM ${name} ORDER BY 1`;
    const [theirs, own] = await Promise.all([google.answer(query), ours.answer(query)]);
    if (!theirs || 'error' in theirs || judge(theirs, own, true) !== 'same')
      throw new Error(`The sides hold different rows of ${name}: ${JSON.stringify([theirs, own])}`);
    tables.set(name, theirs.columns);
  }
  return tables;
}

class Run {
  readonly #sides: Sides;
  readonly #grammar: Grammar;
  readonly #counts = new Map<Verdict, number>();
  readonly #explained = new Map<string, number>();
  readonly #kinds = new Map<string, Finding[]>();
  readonly #refusals: Counts = new Map();
  readonly #asked = new Set<string>();
  readonly #unjudged: Counts = new Map();
  readonly #samples = new Map<string, Sample[]>();
  #progress: Progress | undefined;
  #shrunk = 0;

  constructor(sides: Sides, grammar: Grammar) {
    this.#sides = sides;
    this.#grammar = grammar;
  }

  /** Queries on which both agree: a few of each signature, and some of the others. */
  get agreed(): Sample[] {
    return [...this.#samples.values()].flat();
  }

  /** Ends early, with its report, when `stop` is aborted. */
  async over(queries: number, stop: AbortSignal): Promise<void> {
    const before = this.#memory();
    this.#progress = new Progress({ ours: this.#sides.ours, "Google's": this.#sides.google }, queries);
    for (let from = 0; from < queries && !stop.aborted; from += BATCH) {
      const to = Math.min(queries, from + BATCH);
      const batch = Array.from({ length: to - from }, (_, index) => this.#grammar.query(from + index));
      await this.#askAll(batch);
      console.log(`${whole(to)} queries: ${this.#line()}`);
    }
    this.#report(before);
  }

  async #askAll(batch: readonly GeneratedQuery[]): Promise<void> {
    const waiting = [...batch];
    const worker = async () => {
      for (let query = waiting.shift(); query; query = waiting.shift()) await this.ask(query);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async ask(query: GeneratedQuery): Promise<void> {
    if (query.signature) this.#asked.add(JSON.stringify(query.signature));
    const text = textOf(query.piece);
    const finding = await this.#judged(text, query.ordered, query.script && textOf(query.script));
    this.#progress?.add(finding.times);
    const isBroken = BROKEN.includes(finding.verdict);
    const reason =
      (await this.#reason(query, finding)) ?? (isBroken ? await this.#keep(query, finding) : undefined);
    if (reason !== undefined) {
      this.#explained.set(reason, (this.#explained.get(reason) ?? 0) + 1);
      return;
    }
    this.#counts.set(finding.verdict, (this.#counts.get(finding.verdict) ?? 0) + 1);
    if (finding.verdict === 'same') this.#sample(query, finding);
    if (finding.verdict === 'refused by name') count(this.#refusals, finding.ours, text);
    if (finding.verdict === 'not judged') count(this.#unjudged, finding.google, text);
  }

  /** Why a difference is none of ours, if it is on the list. */
  async #reason(query: GeneratedQuery, finding: Finding): Promise<string | undefined> {
    if (!BROKEN.includes(finding.verdict) || finding.verdict === 'server error') return undefined;
    const known = explanationOf({ query: finding.text, ordered: query.ordered, ...finding });
    if (known !== undefined || finding.verdict !== 'accepts what Google refuses') return known;
    for (const text of partsOf(query)) {
      if (text === finding.text) continue;
      const { google, ours } = await this.#judged(text, true);
      if (hasSameError(google, finding.google) && ours && 'error' in ours) return NOT_EVALUATED;
    }
    return undefined;
  }

  async #judged(text: string, ordered: boolean, own = text): Promise<Finding> {
    const timed = async (side: Side, asked: string): Promise<[Answer, number]> => {
      const started = performance.now();
      return [await side.answer(asked), performance.now() - started];
    };
    const [[ours, ownMs], [google, theirMs]] = await Promise.all([
      timed(this.#sides.ours, own),
      timed(this.#sides.google, text),
    ]);
    return { verdict: judge(google, ours, ordered), text: own, google, ours, times: [ownMs, theirMs] };
  }

  /** Makes the difference small, unless enough of its kind are. Answers its reason, if it has one when it is small. */
  async #keep(query: GeneratedQuery, found: Finding): Promise<string | undefined> {
    const error = errorKind(found);
    const alike = error === undefined ? undefined : this.#kinds.get(error);
    if ((alike?.length ?? 0) >= SHRUNK.kind || this.#shrunk >= SHRUNK.run) {
      const kind = error ?? `${found.verdict}: not made small`;
      this.#kinds.set(kind, [...(this.#kinds.get(kind) ?? []), found]);
      return undefined;
    }
    this.#shrunk += 1;
    const holds = async (smaller: string) => {
      const again = await this.#judged(smaller, query.ordered);
      if (again.verdict !== found.verdict || errorKind(again) !== error) return false;
      return explanationOf({ query: smaller, ordered: query.ordered, ...again }) === undefined;
    };
    // A smaller script would no longer say the same as its query.
    const piece = query.script
      ? query.piece
      : await shrink(query.piece, (type) => PLAIN[type] ?? [], SHRINK_STEPS, holds);
    const text = query.script ? found.text : textOf(piece);
    const finding = text === found.text ? found : await this.#judged(text, query.ordered);
    const reason = await this.#reason({ ...query, piece }, finding);
    if (reason !== undefined) return reason;
    console.log(`${finding.verdict}: ${text}`);
    const kind = error ?? `${found.verdict}: ${kindOf(text)}`;
    this.#kinds.set(kind, [...(this.#kinds.get(kind) ?? []), finding]);
    return undefined;
  }

  #sample({ signature, ordered, isWritten }: GeneratedQuery, { text, ours }: Finding): void {
    const key = isWritten
      ? 'written'
      : signature
        ? `${signature.name}(${signature.parameters.join(', ')})`
        : '';
    const samples = this.#samples.get(key) ?? [];
    const answer = ours && 'rest' in ours && ours.rest ? ours.rest : 'error';
    const room = signature ? SAMPLE.signature : SAMPLE.others;
    const alike = samples.filter((sample) => (sample.answer === 'error') === (answer === 'error'));
    const isFull = text.length > SAMPLE.length || alike.length >= (answer === 'error' ? room / 2 : room);
    if (!isFull || isWritten) this.#samples.set(key, [...samples, { query: text, ordered, answer }]);
  }

  #memory(): string {
    const { google, ours } = this.#sides;
    return `${ours.memory()} MB ours, ${google.memory()} MB Google's`;
  }

  /** What a run takes, by process. */
  #processors(): string {
    const { google, ours } = this.#sides;
    const { user, system } = process.cpuUsage();
    const seconds = [ours.processorSeconds(), google.processorSeconds(), (user + system) / 1e6].map(whole);
    return `Processor seconds: ${seconds[0]} ours, ${seconds[1]} Google's, ${seconds[2]} the comparison`;
  }

  #line(): string {
    return [...this.#counts].map(([verdict, count]) => `${whole(count)} ${verdict}`).join(', ');
  }

  #report(before: string): void {
    const kinds = [...this.#kinds].sort(([, a], [, b]) => b.length - a.length);
    for (const [kind, findings] of kinds) {
      const smallest = findings.toSorted((a, b) => a.text.length - b.text.length)[0];
      console.log(`\n${whole(findings.length)} × ${kind}\n  ${smallest?.text}`);
      console.log(`  Google: ${shown(smallest?.google)}\n  ours:   ${shown(smallest?.ours)}`);
    }
    printCounts('Refused by name', this.#refusals);
    printCounts('Not judged', this.#unjudged);
    console.log('\nDifferences of the written list:');
    for (const [reason, count] of this.#explained) console.log(`  ${whole(count)} × ${reason}`);
    const missing = this.#grammar.signatures.filter(
      (signature) => !this.#asked.has(JSON.stringify(signature)),
    );
    console.log(
      `\n${this.#asked.size} of ${this.#asked.size + missing.length} signatures asked, ${this.#sides.google.restarts} restarts of the evaluator`,
    );
    if (missing.length > 0) console.log(`Not asked: ${missing.map(({ name }) => name).join(', ')}`);
    console.log(
      `\nMemory before: ${before}\n${this.#progress?.lines.join('\n') ?? ''}\n${this.#processors()}\n${this.#line()}`,
    );
    const times = (verdict: Verdict) => this.#counts.get(verdict) ?? 0;
    conclude(
      BROKEN.filter((verdict) => times(verdict) > 0).map((verdict) => `${whole(times(verdict))} ${verdict}`),
    );
  }
}

function count(counts: Counts, answer: Answer, text: string): void {
  const said = answer === undefined ? 'no answer in time' : 'error' in answer ? answer.error : '';
  const words = kindOf(said.replace(/ at \[.*$/, ''));
  const { count = 0, example = text } = counts.get(words) ?? {};
  counts.set(words, { count: count + 1, example: text.length < example.length ? text : example });
}

function printCounts(title: string, counts: Counts): void {
  if (counts.size === 0) return;
  console.log(`\n${title}:`);
  for (const [words, { count, example }] of [...counts].sort(([, a], [, b]) => b.count - a.count))
    console.log(`  ${whole(count)} × ${words}: ${example}`);
}

/** The queries within a query, and those of the parts of its one expression. */
function* partsOf({ piece, alone, inner = [] }: GeneratedQuery): Generator<string> {
  for (const query of inner) yield textOf(query);
  if (!alone) return;
  for (const part of within(piece)) if (part.type !== undefined) yield textOf(alone(part));
}

/** The words of the error that one side gives and the other does not. Undefined when both answer. */
function errorKind({ verdict, google, ours }: Finding): string | undefined {
  const failed = [ours, google].find((answer) => answer && 'error' in answer);
  if (!failed || !('error' in failed)) return undefined;
  return `${verdict}: ${kindOf(failed.error.replace(/ at \[.*$| \[at .*$/, '')).slice(0, 200)}`;
}

/** Up to the values that they name: which of several groups fails first is open. */
function hasSameError(one: Answer, other: Answer): boolean {
  return !!one && !!other && 'error' in one && 'error' in other && kindOf(one.error) === kindOf(other.error);
}

/** The query without its values: what differs alike is shown together. */
function kindOf(text: string): string {
  return text
    .replace(/^SELECT (t\d\.n( AS n)?, )?/, '')
    .replace(/( AS c)? FROM people AS t\d( ORDER BY 1)?$| AS c$/, '')
    .replace(/r?'(\\.|[^'\\])*'/g, "'…'")
    .replace(/-?\b\d[\d.e+-]*\b/g, '0')
    .replace(/t\d\.\w+/g, 'column');
}

function shown(answer: Answer): string {
  if (answer === undefined) return 'no answer in time';
  return 'error' in answer
    ? `error: ${answer.error}`
    : JSON.stringify([answer.columns.map(({ name, type }) => `${name} ${type}`), answer.rows], (_, v) =>
        typeof v === 'number' && !Number.isFinite(v) ? String(v) : v,
      ).slice(0, 400);
}

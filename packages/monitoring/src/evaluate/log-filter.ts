import { CannotTell } from '../filter.ts';

/** A line of Cloud Logging, as far as filters read it. https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry */
export interface LogEntry {
  /** `run.googleapis.com/requests`: of the name `projects/P/logs/…`, what `log_id()` compares. */
  readonly logId: string;
  readonly severity?: string;
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
  readonly httpRequest?: Readonly<Record<string, string | number>>;
  readonly jsonPayload?: unknown;
}

type Predicate = (entry: LogEntry) => boolean;
type Compare = (found: string | number) => boolean;

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[()]|=~|!=|>=|<=|[=<>:]|[\w.*]+)/y;
const SEVERITIES = ['DEFAULT', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL'];

/**
 * The lines that a filter of Cloud Logging selects: comparisons, AND, OR (which binds closer) and brackets. Throws CannotTell for
 * anything else. https://docs.cloud.google.com/logging/docs/view/logging-query-language
 */
export function selectorOf(filter: string): Predicate {
  const parser = new Parser(tokensOf(filter));
  const predicate = parser.all();
  if (parser.peek() !== undefined) throw new CannotTell(`the filter goes on with ${parser.peek()}`);
  return predicate;
}

/** The value of a field; undefined when the line lacks it. */
export function fieldOf(entry: LogEntry, path: string): string | number | undefined {
  const value = path
    .split('.')
    .reduce<unknown>((parent, key) => (isObject(parent) ? Reflect.get(parent, key) : undefined), entry);
  if (typeof value === 'string' || typeof value === 'number') return value;
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}

/** A number, or the seconds of a duration such as `0.25s`; NaN for anything else. */
export function numberOf(value: string | number): number {
  return Number(typeof value === 'string' ? value.replace(/^(\d+(?:\.\d+)?)s$/, '$1') : value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function tokensOf(filter: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < filter.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const [, token] = TOKEN.exec(filter) ?? [];
    if (token === undefined) throw new CannotTell(`the filter has "${filter.slice(at)}"`);
    tokens.push(token);
  }
  return tokens;
}

class Parser {
  readonly #tokens: string[];

  constructor(tokens: string[]) {
    this.#tokens = tokens;
  }

  peek(): string | undefined {
    return this.#tokens[0];
  }

  all(): Predicate {
    const parts = [this.#any()];
    while (this.peek() === 'AND') {
      this.#take();
      parts.push(this.#any());
    }
    return (entry) => parts.every((holds) => holds(entry));
  }

  #any(): Predicate {
    const parts = [this.#one()];
    while (this.peek() === 'OR') {
      this.#take();
      parts.push(this.#one());
    }
    return (entry) => parts.some((holds) => holds(entry));
  }

  #one(): Predicate {
    const first = this.#take();
    if (first === '(') {
      const inner = this.all();
      this.#take(')');
      return inner;
    }
    if (first === 'log_id') {
      this.#take('(');
      const wanted = textOf(this.#take());
      this.#take(')');
      return ({ logId }) => logId === wanted;
    }
    if (!/^[a-z]/.test(first)) throw new CannotTell(`the filter has ${first} where a field is expected`);
    const compare = this.#comparison(first);
    return (entry) => {
      const found = fieldOf(entry, first);
      // No comparison in use holds for a line without the field.
      return found !== undefined && compare(found);
    };
  }

  #comparison(field: string): Compare {
    const operator = this.#take();
    if (this.peek() !== '(') return comparisonOf(field, operator, this.#take());
    this.#take();
    const choices = [comparisonOf(field, operator, this.#take())];
    while (this.peek() === 'OR') {
      this.#take();
      choices.push(comparisonOf(field, operator, this.#take()));
    }
    this.#take(')');
    return (found) => choices.some((holds) => holds(found));
  }

  #take(expected?: string): string {
    const token = this.#tokens.shift();
    if (token === undefined || (expected !== undefined && token !== expected))
      throw new CannotTell(`the filter has ${token ?? 'its end'} instead of ${expected ?? 'more'}`);
    return token;
  }
}

function comparisonOf(field: string, operator: string, operand: string): Compare {
  const wanted = textOf(operand);
  const order = (value: string | number) =>
    field === 'severity' ? SEVERITIES.indexOf(String(value)) : numberOf(value);
  if (operator === ':') {
    if (wanted === '*') return () => true;
    return (found) => String(found).toLowerCase().includes(wanted.toLowerCase());
  }
  if (operator === '=') return (found) => String(found).toLowerCase() === wanted.toLowerCase();
  if (operator === '=~') {
    const pattern = new RegExp(wanted);
    return (found) => pattern.test(String(found));
  }
  if (operator === '<') return (found) => order(found) < order(wanted);
  if (operator === '>=') return (found) => order(found) >= order(wanted);
  throw new CannotTell(`the filter compares ${field} by ${operator}`);
}

function textOf(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll(/\\(.)/g, '$1') : token;
}

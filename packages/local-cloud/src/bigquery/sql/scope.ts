import { distance } from 'fastest-levenshtein';
import { invalidQuery, unsupported } from '../errors.ts';
import { quoteLiteral } from '../names.ts';
import { type DataType, structKey } from '../types.ts';
import type { Name } from './ast.ts';
import { jsonMember } from './functions/json-text.ts';
import { combined, type Resolved } from './resolved.ts';
import { structOf } from './struct.ts';

/** A column of a FROM clause. */
export interface ScopeColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: DataType;
  readonly columns: ReadonlySet<string>;
  /** The SQL of the first column of the FROM item that is the same column under another name. */
  readonly origin?: string;
  /** A pseudo-column of APPENDS. */
  readonly isPseudo?: boolean;
}

/** One item of a FROM clause. */
export interface Source {
  readonly alias: string | undefined;
  readonly columns: readonly ScopeColumn[];
  /** The element of UNNEST, which the alias names. */
  readonly value?: ScopeColumn;
}

/** The names that an expression can use: those of its own FROM clause, then those of the outer queries. */
export class Scope {
  readonly sources: readonly Source[];
  /** Columns of JOIN … USING: one for both sides, and first in `*`. */
  readonly merged: readonly ScopeColumn[];
  readonly parent: Scope | undefined;

  constructor(parent?: Scope, sources: readonly Source[] = [], merged: readonly ScopeColumn[] = []) {
    this.parent = parent;
    this.sources = sources;
    this.merged = merged;
  }

  /** The columns that `*` stands for. */
  star(): ScopeColumn[] {
    const hidden = new Set(this.merged.map(({ name }) => name.toLowerCase()));
    const own = this.sources.flatMap(({ columns }) => columns);
    return [...this.merged, ...own.filter(({ name }) => !hidden.has(name.toLowerCase()))];
  }

  /** The origins of the columns by their SQL. */
  origins(): ReadonlyMap<string, string> {
    // The fields of a value are no columns.
    const own = this.sources.flatMap(({ columns, value }) => (value ? [value] : columns));
    const columns = [...this.merged, ...own];
    return new Map(columns.map(({ sql, origin = sql }) => [sql, origin]));
  }

  source(alias: string): Source | undefined {
    return this.sources.find((source) => source.alias?.toLowerCase() === alias.toLowerCase());
  }

  /** Resolves a dotted name: a range variable comes before a column of the same name. Throws "Unrecognized name". */
  resolve(parts: readonly Name[]): Resolved {
    const [first, second] = parts;
    if (!first) throw new RangeError('a name without parts');
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      const source = scope.source(first.text);
      if (source?.value) return fields(scope.reference(source.value, first), parts.slice(1));
      if (source && second) {
        const column = unique(source.columns, second);
        if (!column) throw invalidQuery(`Name ${second.text} not found inside ${first.text}`, second.at);
        return fields(scope.reference(column, second), parts.slice(2));
      }
      if (source) return scope.#row(source, first);
      const column = scope.#column(first);
      if (column) return fields(scope.reference(column, first), parts.slice(1));
    }
    const meant = closest(first.text, this.#names());
    const hint = meant === undefined ? '' : `; Did you mean ${meant}?`;
    throw invalidQuery(`Unrecognized name: ${first.text}${hint}`, first.at);
  }

  /** Every name that an expression here can use. */
  #names(): string[] {
    const own = this.sources.flatMap(({ alias, columns }) => [
      alias ?? '',
      ...columns.map(({ name }) => name),
    ]);
    return [...own, ...this.merged.map(({ name }) => name), ...(this.parent ? this.parent.#names() : [])];
  }

  /** Whether this FROM clause or one around it has the range variable or column. */
  knows(name: Name): boolean {
    const isHere = this.source(name.text) !== undefined || this.hasColumn(name);
    return isHere || (this.parent?.knows(name) ?? false);
  }

  /** Whether this FROM clause has the column; outer queries do not count. */
  hasColumn(name: Name): boolean {
    return this.#column(name) !== undefined;
  }

  #column(name: Name): ScopeColumn | undefined {
    const merged = this.merged.find((column) => sameName(column.name, name.text));
    if (merged) return merged;
    return unique(
      this.sources.flatMap(({ columns }) => columns),
      name,
    );
  }

  /** A range variable as a value: its whole row. */
  #row({ columns }: Source, name: Name): Resolved {
    if (columns.some(({ isPseudo }) => isPseudo)) throw unsupported('A whole row of APPENDS', name.at);
    const values = columns.map((column) => this.reference(column, name));
    const fields = columns.map(({ name, type }) => ({ name, type }));
    return structOf(values, { kind: 'STRUCT', fields }, name.at);
  }

  reference(column: ScopeColumn, name: Name): Resolved {
    return combined(column.sql, column.type, name.at, [], {
      columns: column.columns,
      references: [{ scope: this, name: column.name, sql: column.sql, at: name.at }],
    });
  }
}

/** The name that was meant: one of five characters may be another. */
function closest(name: string, names: readonly string[]): string | undefined {
  const most = Math.ceil(name.length / 5);
  const slips = (other: string) => distance(name.toLowerCase(), other.toLowerCase());
  return names.filter((other) => slips(other) <= most).sort((a, b) => slips(a) - slips(b))[0];
}

function unique(columns: readonly ScopeColumn[], name: Name): ScopeColumn | undefined {
  const found = columns.filter((column) => sameName(column.name, name.text));
  if (found.length > 1) throw invalidQuery(`Column name ${name.text} is ambiguous`, name.at);
  return found[0];
}

function fields(base: Resolved, names: readonly Name[]): Resolved {
  return names.reduce(memberOf, base);
}

/** Resolves a field of a STRUCT, or a member of JSON, whose names have a case. */
export function memberOf(base: Resolved, name: Name): Resolved {
  if (base.type.kind !== 'JSON') return fieldOf(base, name);
  return combined(jsonMember([base.sql, quoteLiteral(name.text)]), base.type, name.at, [base]);
}

/** Resolves a field of a STRUCT. */
function fieldOf(base: Resolved, name: Name): Resolved {
  if (base.type.kind !== 'STRUCT')
    throw invalidQuery(`Cannot access field ${name.text} on a value with type ${base.type.kind}`, name.at);
  const found = base.type.fields.flatMap((field, index) => (sameName(field.name, name.text) ? [index] : []));
  if (found.length > 1) throw invalidQuery(`Struct field name ${name.text} is ambiguous`, name.at);
  if (found[0] === undefined)
    throw invalidQuery(`Field name ${name.text} does not exist in ${base.type.kind}`, name.at);
  return fieldAt(base, found[0]);
}

/** Resolves a field of a STRUCT by its place, from 0. */
export function fieldAt(base: Resolved, index: number): Resolved {
  const field = base.type.kind === 'STRUCT' ? base.type.fields[index] : undefined;
  if (!field) throw new RangeError(`a value without field ${index}`);
  return combined(`struct_extract(${base.sql}, '${structKey(index)}')`, field.type, base.at, [base]);
}

/** The first name that comes again, in any case. */
export function repeated(names: readonly string[]): string | undefined {
  const lower = names.map((name) => name.toLowerCase());
  return names.find((_, index) => lower.indexOf(lower[index] ?? '') < index);
}

export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

import { unsupported } from '../errors.ts';
import type { Expression, FrameBound, OrderItem, WindowSpec } from './ast.ts';
import { Cursor } from './cursor.ts';

/** Parses ORDER BY and windows. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/window-function-calls */
export abstract class WindowParser {
  protected readonly cursor: Cursor;

  constructor(sql: string) {
    this.cursor = new Cursor(sql);
  }

  protected abstract expression(): Expression;

  /** The items of an optional ORDER BY. NULLs sort as the smallest values by default. */
  protected orderBy(): OrderItem[] {
    const { cursor } = this;
    if (!cursor.acceptKeyword('ORDER', 'BY')) return [];
    return cursor.list(() => {
      const value = this.expression();
      if (cursor.isKeyword('COLLATE')) throw unsupported('COLLATE', cursor.at);
      const descending = cursor.acceptKeyword('DESC') || (cursor.acceptKeyword('ASC') && false);
      const first = cursor.acceptKeyword('NULLS', 'FIRST');
      const last = !first && cursor.acceptKeyword('NULLS', 'LAST');
      return { value, descending, nulls: first || (!last && !descending) ? 'FIRST' : 'LAST' };
    });
  }

  protected windowReference(): WindowSpec {
    const { cursor } = this;
    if (!cursor.isSymbol('(')) return { base: cursor.identifier(), partitionBy: [], orderBy: [] };
    return this.windowSpec();
  }

  protected windowSpec(): WindowSpec {
    const { cursor } = this;
    cursor.expectSymbol('(');
    const base = cursor.isIdentifier() ? cursor.identifier() : undefined;
    const partitionBy = cursor.acceptKeyword('PARTITION', 'BY') ? cursor.list(() => this.expression()) : [];
    const orderBy = this.orderBy();
    const frame = this.#frame();
    cursor.expectSymbol(')');
    return { partitionBy, orderBy, ...(base && { base }), ...(frame && { frame }) };
  }

  #frame(): WindowSpec['frame'] {
    const { cursor } = this;
    const unit = (['ROWS', 'RANGE'] as const).find((word) => cursor.acceptKeyword(word));
    if (!unit) return undefined;
    if (!cursor.acceptKeyword('BETWEEN')) return { unit, start: this.#bound() };
    const start = this.#bound();
    cursor.expectKeyword('AND');
    return { unit, start, end: this.#bound() };
  }

  #bound(): FrameBound {
    const { cursor } = this;
    if (cursor.acceptKeyword('CURRENT', 'ROW')) return { bound: 'CURRENT ROW' };
    const direction = () => {
      const bound = (['PRECEDING', 'FOLLOWING'] as const).find((word) => cursor.acceptKeyword(word));
      if (!bound) throw cursor.unexpected('keyword PRECEDING or FOLLOWING');
      return bound;
    };
    if (cursor.acceptKeyword('UNBOUNDED')) return { bound: `UNBOUNDED ${direction()}` };
    const offset = this.expression();
    return { bound: direction(), offset };
  }
}

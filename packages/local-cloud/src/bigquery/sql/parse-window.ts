import { unsupported } from '../errors.ts';
import type { Expression, FrameBound, OrderItem, WindowSpec } from './ast.ts';
import { TypeParser } from './parse-type.ts';

/** Parses ORDER BY and windows. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/window-function-calls */
export abstract class WindowParser extends TypeParser {
  protected abstract expression(): Expression;

  /** The items of an optional ORDER BY. NULLs sort as the smallest values by default. */
  protected orderBy(): OrderItem[] {
    if (!this.acceptKeyword('ORDER', 'BY')) return [];
    return this.list(() => {
      const value = this.expression();
      if (this.isKeyword('COLLATE')) throw unsupported('COLLATE', this.at);
      const descending = this.acceptKeyword('DESC') || (this.acceptKeyword('ASC') && false);
      const first = this.acceptKeyword('NULLS', 'FIRST');
      const last = !first && this.acceptKeyword('NULLS', 'LAST');
      return { value, descending, nulls: first || (!last && !descending) ? 'FIRST' : 'LAST' };
    });
  }

  protected windowReference(): WindowSpec {
    if (!this.isSymbol('(')) return { base: this.identifier(), partitionBy: [], orderBy: [] };
    return this.parenthesized(() => ({
      base: this.isIdentifier() ? this.identifier() : undefined,
      partitionBy: this.acceptKeyword('PARTITION', 'BY') ? this.list(() => this.expression()) : [],
      orderBy: this.orderBy(),
      frame: this.#frame(),
    }));
  }

  #frame(): WindowSpec['frame'] {
    const unit = this.acceptOne('ROWS', 'RANGE');
    if (!unit) return undefined;
    if (!this.acceptKeyword('BETWEEN')) return { unit, start: this.#bound() };
    const start = this.#bound();
    this.expectKeyword('AND');
    return { unit, start, end: this.#bound() };
  }

  #bound(): FrameBound {
    if (this.acceptKeyword('CURRENT', 'ROW')) return { bound: 'CURRENT ROW' };
    const direction = () => {
      const bound = this.acceptOne('PRECEDING', 'FOLLOWING');
      if (!bound) throw this.unexpected('keyword PRECEDING or FOLLOWING');
      return bound;
    };
    if (this.acceptKeyword('UNBOUNDED')) return { bound: `UNBOUNDED ${direction()}` };
    const offset = this.expression();
    return { bound: direction(), offset };
  }
}

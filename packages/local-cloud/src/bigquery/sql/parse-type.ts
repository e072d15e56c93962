import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, type ScalarKind, scalar, scalarKindOf } from '../types.ts';
import { Cursor } from './cursor.ts';

/** Parses types. */
export abstract class TypeParser extends Cursor {
  /** `STRING`, `ARRAY<INT64>`, `STRUCT<a INT64, b ARRAY<STRING>>`. Throws for unsupported types. */
  protected type(): DataType {
    return this.nested(() => {
      const { at } = this;
      if (this.acceptKeyword('ARRAY')) {
        const element = this.inAngles(() => this.type());
        if (element.kind === 'ARRAY') throw unsupported('An array of arrays', at);
        return { kind: 'ARRAY', element };
      }
      if (this.acceptKeyword('STRUCT')) return this.#struct();
      const kind = this.scalarKind();
      if (this.isSymbol('(')) throw unsupported(`Type ${kind} with parameters`, at);
      return scalar(kind);
    });
  }

  #struct(): DataType {
    const field = () => {
      const name = this.peek(1).kind === 'symbol' ? '' : this.fieldName().text;
      return { name, type: this.type() };
    };
    const fields = this.inAngles(() => (this.isSymbol('>') ? [] : this.list(field)));
    return { kind: 'STRUCT', fields };
  }

  protected scalarKind(): ScalarKind {
    const { at } = this;
    const { text } = this.fieldName();
    if (/^range$/i.test(text) && this.isSymbol('<')) {
      const element = this.inAngles(() => this.scalarKind());
      const range = scalarKindOf(`RANGE<${element}>`);
      if (range) return range;
      throw invalidQuery(
        `RANGE<${element}> is not a type: the element must be a DATE, DATETIME or TIMESTAMP`,
        at,
      );
    }
    const kind = scalarKindOf(text);
    if (!kind) throw unsupported(`Type ${text.toUpperCase()}`, at);
    return kind;
  }
}

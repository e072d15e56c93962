import { unsupported } from '../errors.ts';
import type { DataType } from '../types.ts';
import { DmlParser } from './parse-dml.ts';
import { parseType } from './parse-type.ts';
import type { CreateFunction, DdlStatement, OptionSetting } from './statements.ts';

/** Parses functions that users define. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_function_statement */
export abstract class FunctionParser extends DmlParser {
  protected createFunction(at: DdlStatement['at'], orReplace: boolean, isTemporary: boolean): CreateFunction {
    const { cursor } = this;
    const ifNotExists = cursor.acceptKeyword('IF', 'NOT', 'EXISTS');
    const routine = this.tableName();
    cursor.expectSymbol('(');
    const parameters = cursor.isSymbol(')') ? [] : cursor.list(() => this.#parameter());
    cursor.expectSymbol(')');
    const returns = cursor.acceptKeyword('RETURNS') ? parseType(cursor) : undefined;
    cursor.acceptKeyword('NOT');
    cursor.acceptKeyword('DETERMINISTIC');
    if (cursor.acceptKeyword('LANGUAGE')) {
      const language = cursor.fieldName();
      throw unsupported(`A function in ${language.text.toUpperCase()}`, language.at);
    }
    if (cursor.isKeyword('REMOTE')) throw unsupported('A remote function', cursor.at);
    const before = this.options();
    cursor.expectKeyword('AS');
    cursor.expectSymbol('(');
    const start = cursor.peek().start;
    const body = this.functionBody();
    const text = cursor.textSince(start);
    cursor.expectSymbol(')');
    return {
      ...{
        node: 'create function',
        at,
        routine,
        isTemporary,
        orReplace,
        ifNotExists,
        parameters,
        body,
        text,
      },
      options: [...before, ...this.options()],
      ...(returns && { returns }),
    };
  }

  /** A query in the parentheses of AS is one expression. */
  protected functionBody() {
    const { at } = this.cursor;
    if (!this.isQueryStart()) return this.expression();
    return { node: 'subquery' as const, at, kind: 'SCALAR' as const, query: this.query() };
  }

  #parameter(): { name: string; type: DataType | undefined } {
    const { cursor } = this;
    const { text: name } = cursor.identifier();
    if (cursor.acceptKeyword('ANY', 'TYPE')) return { name, type: undefined };
    return { name, type: parseType(cursor) };
  }

  /** An optional `OPTIONS(name = value, …)`. */
  protected options(): OptionSetting[] {
    const { cursor } = this;
    if (!cursor.acceptKeyword('OPTIONS')) return [];
    cursor.expectSymbol('(');
    if (cursor.acceptSymbol(')')) return [];
    const options = cursor.list(() => {
      const name = cursor.identifier();
      cursor.expectSymbol('=');
      return { name, value: this.expression() };
    });
    cursor.expectSymbol(')');
    return options;
  }
}

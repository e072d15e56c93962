import { type Position, unsupported } from '../errors.ts';
import type { DataType } from '../types.ts';
import type { Expression } from './ast.ts';
import { DmlParser } from './parse-dml.ts';
import type { OptionSetting, StatementOf } from './statements.ts';

/** Parses functions that users define. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_function_statement */
export abstract class FunctionParser extends DmlParser {
  protected createFunction(
    at: Position,
    orReplace: boolean,
    isTemporary: boolean,
  ): StatementOf<'create function'> {
    const ifNotExists = this.ifNotExists();
    const routine = this.tableName();
    const parameters = this.parenthesized(() =>
      this.isSymbol(')') ? [] : this.list(() => this.#parameter()),
    );
    const returns = this.acceptKeyword('RETURNS') ? this.type() : undefined;
    if (this.acceptKeyword('NOT')) this.expectKeyword('DETERMINISTIC');
    else this.acceptKeyword('DETERMINISTIC');
    if (this.acceptKeyword('LANGUAGE')) {
      const language = this.fieldName();
      throw unsupported(`A function in ${language.text.toUpperCase()}`, language.at);
    }
    if (this.isKeyword('REMOTE')) throw unsupported('A remote function', this.at);
    const before = this.options();
    this.expectKeyword('AS');
    const body = this.parenthesized(() => this.#body());
    return {
      ...{ node: 'create function', at, routine, isTemporary, orReplace, ifNotExists, parameters, returns },
      ...{ ...body, options: [...before, ...this.options()] },
    };
  }

  #body(): { body: Expression; text: string } {
    const { start } = this.peek();
    return { body: this.functionBody(), text: this.textSince(start) };
  }

  /** A query in the parentheses of AS is one expression. */
  protected functionBody() {
    const { at } = this;
    if (!this.isQueryStart()) return this.expression();
    return { node: 'subquery' as const, at, kind: 'SCALAR' as const, query: this.query() };
  }

  #parameter(): { name: string; type: DataType | undefined } {
    const { text: name } = this.identifier();
    return { name, type: this.acceptKeyword('ANY', 'TYPE') ? undefined : this.type() };
  }

  /** An optional `OPTIONS(name = value, …)`. */
  protected options(): OptionSetting[] {
    if (!this.acceptKeyword('OPTIONS')) return [];
    const option = () => {
      const name = this.identifier();
      this.expectSymbol('=');
      return { name, value: this.expression() };
    };
    return this.parenthesized(() => (this.isSymbol(')') ? [] : this.list(option)));
  }

  protected ifNotExists(): boolean {
    return this.acceptKeyword('IF', 'NOT', 'EXISTS');
  }
}

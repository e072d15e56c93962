import { invalidQuery, unsupported } from '../errors.ts';
import type { Expression, Name } from './ast.ts';
import { QueryParser } from './parse-query.ts';
import type { Assignment, DmlStatement, MergeAction, MergeClause } from './statements.ts';

/** Parses statements that change rows. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax */
export abstract class DmlParser extends QueryParser {
  protected insert(): DmlStatement {
    const { cursor } = this;
    const at = cursor.expectKeyword('INSERT');
    cursor.acceptKeyword('INTO');
    const table = this.tableName();
    const columns = cursor.isSymbol('(') && !this.#isQueryInParentheses() ? this.names() : undefined;
    const head = { node: 'insert' as const, at, table, ...(columns && { columns }) };
    if (!cursor.acceptKeyword('VALUES')) return { ...head, query: this.query() };
    return { ...head, rows: cursor.list(() => this.#row()) };
  }

  #isQueryInParentheses(): boolean {
    return /^(SELECT|WITH)$/.test(this.cursor.peek(1).keyword);
  }

  #row(): (Expression | undefined)[] {
    this.cursor.expectSymbol('(');
    const values = this.cursor.list(() => this.#valueOrDefault());
    this.cursor.expectSymbol(')');
    return values;
  }

  #valueOrDefault(): Expression | undefined {
    return this.cursor.acceptKeyword('DEFAULT') ? undefined : this.expression();
  }

  protected update(): DmlStatement {
    const { cursor } = this;
    const at = cursor.expectKeyword('UPDATE');
    const table = this.tableName();
    const alias = cursor.alias();
    const assignments = this.#assignments(alias ?? table.path.at(-1));
    const from = cursor.acceptKeyword('FROM') ? this.fromClause() : undefined;
    const where = this.#where('UPDATE');
    return { node: 'update', at, table, assignments, where, ...(alias && { alias }), ...(from && { from }) };
  }

  /** `SET a = 1, t.b = 2`, where `t` is the target. */
  #assignments(target: Name | undefined): Assignment[] {
    const { cursor } = this;
    cursor.expectKeyword('SET');
    return cursor.list(() => {
      let column = cursor.identifier();
      if (cursor.acceptSymbol('.')) {
        const isTarget = column.text.toLowerCase() === target?.text.toLowerCase();
        if (!isTarget) throw unsupported('UPDATE of a field inside a STRUCT', column.at);
        column = cursor.fieldName();
      }
      if (cursor.isSymbol('.')) throw unsupported('UPDATE of a field inside a STRUCT', column.at);
      cursor.expectSymbol('=');
      const value = this.#valueOrDefault();
      return value ? { column, value } : { column };
    });
  }

  protected delete(): DmlStatement {
    const { cursor } = this;
    const at = cursor.expectKeyword('DELETE');
    cursor.acceptKeyword('FROM');
    const table = this.tableName();
    const alias = cursor.alias();
    const where = this.#where('DELETE');
    return { node: 'delete', at, table, where, ...(alias && { alias }) };
  }

  #where(statement: string): Expression {
    const { cursor } = this;
    if (cursor.peek().kind === 'end' || cursor.isSymbol(';')) {
      throw invalidQuery(`${statement} must have a WHERE clause`, cursor.at);
    }
    cursor.expectKeyword('WHERE');
    return this.expression();
  }

  protected truncate(): DmlStatement {
    const at = this.cursor.expectKeyword('TRUNCATE');
    this.cursor.expectKeyword('TABLE');
    return { node: 'truncate', at, table: this.tableName() };
  }

  protected merge(): DmlStatement {
    const { cursor } = this;
    const at = cursor.expectKeyword('MERGE');
    cursor.acceptKeyword('INTO');
    const table = this.tableName();
    const alias = cursor.alias();
    cursor.expectKeyword('USING');
    const source = this.fromItem();
    cursor.expectKeyword('ON');
    const on = this.expression();
    const target = alias ?? table.path.at(-1);
    const clauses: MergeClause[] = [];
    while (cursor.isKeyword('WHEN')) clauses.push(this.#mergeClause(target));
    if (clauses.length === 0) throw cursor.unexpected('keyword WHEN');
    return { node: 'merge', at, table, source, on, clauses, ...(alias && { alias }) };
  }

  #mergeClause(target: Name | undefined): MergeClause {
    const { cursor } = this;
    const at = cursor.expectKeyword('WHEN');
    const when = this.#mergeCase();
    const condition = cursor.acceptKeyword('AND') ? this.expression() : undefined;
    cursor.expectKeyword('THEN');
    const then = this.#mergeAction(target);
    if ((then.action === 'INSERT') !== (when === 'NOT MATCHED BY TARGET')) {
      throw invalidQuery(`${then.action} is not allowed in a WHEN ${when} clause of MERGE`, at);
    }
    return { when, then, ...(condition && { condition }) };
  }

  #mergeCase(): MergeClause['when'] {
    const { cursor } = this;
    if (cursor.acceptKeyword('MATCHED')) return 'MATCHED';
    cursor.expectKeyword('NOT', 'MATCHED');
    if (cursor.acceptKeyword('BY', 'SOURCE')) return 'NOT MATCHED BY SOURCE';
    cursor.acceptKeyword('BY', 'TARGET');
    return 'NOT MATCHED BY TARGET';
  }

  #mergeAction(target: Name | undefined): MergeAction {
    const { cursor } = this;
    const { at } = cursor;
    if (cursor.acceptKeyword('DELETE')) return { action: 'DELETE' };
    if (cursor.acceptKeyword('UPDATE')) return { action: 'UPDATE', assignments: this.#assignments(target) };
    cursor.expectKeyword('INSERT');
    const columns = cursor.isSymbol('(') ? this.names() : undefined;
    const insert = { action: 'INSERT' as const, at, ...(columns && { columns }) };
    if (cursor.acceptKeyword('ROW')) return insert;
    cursor.expectKeyword('VALUES');
    return { ...insert, values: this.#row() };
  }

  protected names(): Name[] {
    this.cursor.expectSymbol('(');
    const names = this.cursor.list(() => this.cursor.identifier());
    this.cursor.expectSymbol(')');
    return names;
  }
}

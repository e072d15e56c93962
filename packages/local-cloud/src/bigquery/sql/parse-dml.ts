import { invalidQuery, unsupported } from '../errors.ts';
import type { Expression, Name } from './ast.ts';
import { QueryParser } from './parse-query.ts';
import type { Assignment, DmlStatement, MergeAction, MergeClause } from './statements.ts';

/** Parses statements that change rows. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax */
export abstract class DmlParser extends QueryParser {
  protected insert(): DmlStatement {
    const at = this.expectKeyword('INSERT');
    this.acceptKeyword('INTO');
    const table = this.tableName();
    const columns = this.isSymbol('(') && !this.isQueryStart(1) ? this.names() : undefined;
    const head = { node: 'insert', at, table, columns } as const;
    if (!this.acceptKeyword('VALUES')) return { ...head, query: this.query() };
    return { ...head, rows: this.list(() => this.#row()) };
  }

  #row(): (Expression | undefined)[] {
    return this.inParentheses(() => this.#valueOrDefault());
  }

  #valueOrDefault(): Expression | undefined {
    return this.acceptKeyword('DEFAULT') ? undefined : this.expression();
  }

  protected update(): DmlStatement {
    const at = this.expectKeyword('UPDATE');
    const table = this.tableName();
    const alias = this.alias();
    const assignments = this.#assignments(alias ?? table.path.at(-1));
    const from = this.acceptKeyword('FROM') ? this.fromClause() : undefined;
    const where = this.#where('UPDATE');
    return { node: 'update', at, table, assignments, from, where, alias };
  }

  /** `SET a = 1, t.b = 2`, where `t` is the target. */
  #assignments(target: Name | undefined): Assignment[] {
    this.expectKeyword('SET');
    return this.list(() => {
      let column = this.identifier();
      if (this.acceptSymbol('.')) {
        const isTarget = column.text.toLowerCase() === target?.text.toLowerCase();
        if (!isTarget) throw unsupported('UPDATE of a field inside a STRUCT', column.at);
        column = this.fieldName();
      }
      if (this.isSymbol('.')) throw unsupported('UPDATE of a field inside a STRUCT', column.at);
      this.expectSymbol('=');
      return { column, value: this.#valueOrDefault() };
    });
  }

  protected delete(): DmlStatement {
    const at = this.expectKeyword('DELETE');
    this.acceptKeyword('FROM');
    const table = this.tableName();
    const alias = this.alias();
    const where = this.#where('DELETE');
    return { node: 'delete', at, table, alias, where };
  }

  #where(statement: string): Expression {
    if (this.peek().kind === 'end' || this.isSymbol(';'))
      throw invalidQuery(`${statement} must have a WHERE clause`, this.at);
    this.expectKeyword('WHERE');
    return this.expression();
  }

  protected truncate(): DmlStatement {
    const at = this.expectKeyword('TRUNCATE');
    this.expectKeyword('TABLE');
    return { node: 'truncate', at, table: this.tableName() };
  }

  protected merge(): DmlStatement {
    const at = this.expectKeyword('MERGE');
    this.acceptKeyword('INTO');
    const table = this.tableName();
    const alias = this.alias();
    this.expectKeyword('USING');
    const source = this.fromItem();
    this.expectKeyword('ON');
    const on = this.expression();
    const target = alias ?? table.path.at(-1);
    const clauses: MergeClause[] = [];
    while (this.isKeyword('WHEN')) clauses.push(this.#mergeClause(target));
    if (clauses.length === 0) throw this.unexpected('keyword WHEN');
    return { node: 'merge', at, table, alias, source, on, clauses };
  }

  #mergeClause(target: Name | undefined): MergeClause {
    const at = this.expectKeyword('WHEN');
    const when = this.#mergeCase();
    const condition = this.acceptKeyword('AND') ? this.expression() : undefined;
    this.expectKeyword('THEN');
    const then = this.#mergeAction(target);
    if ((then.action === 'INSERT') !== (when === 'NOT MATCHED BY TARGET'))
      throw invalidQuery(`${then.action} is not allowed in a WHEN ${when} clause of MERGE`, at);
    return { when, condition, then };
  }

  #mergeCase(): MergeClause['when'] {
    if (this.acceptKeyword('MATCHED')) return 'MATCHED';
    this.expectKeyword('NOT', 'MATCHED');
    if (this.acceptKeyword('BY', 'SOURCE')) return 'NOT MATCHED BY SOURCE';
    this.acceptKeyword('BY', 'TARGET');
    return 'NOT MATCHED BY TARGET';
  }

  #mergeAction(target: Name | undefined): MergeAction {
    const { at } = this;
    if (this.acceptKeyword('DELETE')) return { action: 'DELETE' };
    if (this.acceptKeyword('UPDATE')) return { action: 'UPDATE', assignments: this.#assignments(target) };
    this.expectKeyword('INSERT');
    const columns = this.isSymbol('(') ? this.names() : undefined;
    const isRow = this.acceptKeyword('ROW');
    if (!isRow) this.expectKeyword('VALUES');
    return { action: 'INSERT', at, columns, values: isRow ? undefined : this.#row() };
  }
}

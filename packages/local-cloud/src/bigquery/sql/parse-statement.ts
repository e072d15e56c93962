import { invalidQuery, syntaxError, unsupported } from '../errors.ts';
import type { ColumnDefinition, Expression, Name, Statement } from './ast.ts';
import { QueryParser } from './parse-query.ts';
import { parseType } from './parse-type.ts';

/** Characters in a statement. https://docs.cloud.google.com/bigquery/quotas#query_jobs */
const MAX_LENGTH = 1024 * 1024;

/** Parses one statement of GoogleSQL. Throws CloudError `invalidQuery`. */
export function parseStatement(sql: string): Statement {
  if (sql.length > MAX_LENGTH) {
    throw invalidQuery(
      'The query is too large. The maximum standard SQL query length is 1024.00K characters, including comments and white space characters.',
    );
  }
  return new StatementParser(sql).parse();
}

class StatementParser extends QueryParser {
  parse(): Statement {
    const { cursor } = this;
    if (cursor.peek().kind === 'end') throw syntaxError('Unexpected end of script', cursor.at);
    const statement = this.#statement();
    if (cursor.acceptSymbol(';') && cursor.peek().kind !== 'end') {
      throw unsupported('A script of several statements', cursor.at);
    }
    cursor.expectEnd();
    return statement;
  }

  #statement(): Statement {
    const { cursor } = this;
    const { keyword, at } = cursor.peek();
    if (this.isQueryStart() || cursor.isSymbol('(')) return this.query();
    switch (keyword) {
      case 'INSERT':
        return this.#insert();
      case 'UPDATE':
        return this.#update();
      case 'DELETE':
        return this.#delete();
      case 'TRUNCATE':
        cursor.next();
        cursor.expectKeyword('TABLE');
        return { node: 'truncate', at, table: this.tableName() };
      case 'CREATE':
        return this.#create();
      case 'DROP':
        return this.#drop();
    }
    if (
      /^(FROM|MERGE|ALTER|EXPORT|LOAD|GRANT|REVOKE|DECLARE|SET|BEGIN|CALL|EXECUTE|ASSERT|IF|LOOP|WHILE|FOR)$/.test(
        keyword,
      )
    ) {
      throw unsupported(`Statement ${keyword}`, at);
    }
    throw cursor.unexpected();
  }

  #insert(): Statement {
    const { cursor } = this;
    const at = cursor.expectKeyword('INSERT');
    cursor.acceptKeyword('INTO');
    const table = this.tableName();
    const columns = cursor.isSymbol('(') && !this.#isQueryInParentheses() ? this.#names() : undefined;
    const head = { node: 'insert' as const, at, table, ...(columns && { columns }) };
    if (!cursor.acceptKeyword('VALUES')) return { ...head, query: this.query() };
    const rows = cursor.list(() => {
      cursor.expectSymbol('(');
      const values = cursor.list(() => this.#valueOrDefault());
      cursor.expectSymbol(')');
      return values;
    });
    return { ...head, rows };
  }

  #isQueryInParentheses(): boolean {
    return /^(SELECT|WITH)$/.test(this.cursor.peek(1).keyword);
  }

  #valueOrDefault(): Expression | undefined {
    return this.cursor.acceptKeyword('DEFAULT') ? undefined : this.expression();
  }

  #update(): Statement {
    const { cursor } = this;
    const at = cursor.expectKeyword('UPDATE');
    const table = this.tableName();
    const alias = cursor.alias();
    cursor.expectKeyword('SET');
    const assignments = cursor.list(() => {
      let column = cursor.identifier();
      if (cursor.acceptSymbol('.')) {
        const isAlias = column.text.toLowerCase() === alias?.text.toLowerCase();
        if (!isAlias) throw unsupported('UPDATE of a field inside a STRUCT', column.at);
        column = cursor.fieldName();
      }
      if (cursor.isSymbol('.')) throw unsupported('UPDATE of a field inside a STRUCT', column.at);
      cursor.expectSymbol('=');
      const value = this.#valueOrDefault();
      return value ? { column, value } : { column };
    });
    if (cursor.isKeyword('FROM')) throw unsupported('UPDATE with FROM', cursor.at);
    const where = this.#where('UPDATE');
    return { node: 'update', at, table, assignments, where, ...(alias && { alias }) };
  }

  #delete(): Statement {
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
    if (cursor.peek().kind === 'end') throw invalidQuery(`${statement} must have a WHERE clause`, cursor.at);
    cursor.expectKeyword('WHERE');
    return this.expression();
  }

  #create(): Statement {
    const { cursor } = this;
    const at = cursor.expectKeyword('CREATE');
    const orReplace = cursor.acceptKeyword('OR', 'REPLACE');
    if (!cursor.acceptKeyword('TABLE')) {
      throw unsupported(`Statement CREATE ${cursor.peek().text.toUpperCase()}`, at);
    }
    const ifNotExists = cursor.acceptKeyword('IF', 'NOT', 'EXISTS');
    const table = this.tableName();
    const columns = cursor.isSymbol('(') ? this.#columns() : undefined;
    for (const word of ['LIKE', 'CLONE', 'COPY', 'PARTITION', 'DEFAULT']) {
      if (cursor.isKeyword(word)) throw unsupported(`CREATE TABLE with ${word}`, cursor.at);
    }
    const clusterBy = cursor.acceptKeyword('CLUSTER', 'BY') ? cursor.list(() => cursor.identifier()) : [];
    const options = cursor.acceptKeyword('OPTIONS') ? this.#options() : {};
    const query = cursor.acceptKeyword('AS') ? this.query() : undefined;
    if (!columns && !query) throw invalidQuery('CREATE TABLE must have a column list or AS SELECT', at);
    const created = { node: 'create' as const, at, table, orReplace, ifNotExists, clusterBy, options };
    return { ...created, ...(columns && { columns }), ...(query && { query }) };
  }

  #columns(): ColumnDefinition[] {
    const { cursor } = this;
    cursor.expectSymbol('(');
    const columns: ColumnDefinition[] = [];
    do {
      if (cursor.isSymbol(')')) break;
      if (
        /^(PRIMARY|CONSTRAINT|FOREIGN)$/.test(cursor.peek().keyword) &&
        cursor.peek(1).kind === 'identifier'
      ) {
        throw unsupported(`A table constraint (${cursor.peek().keyword})`, cursor.at);
      }
      const name = cursor.identifier();
      const type = parseType(cursor);
      const required = cursor.acceptKeyword('NOT', 'NULL');
      const options = cursor.acceptKeyword('OPTIONS') ? this.#options() : {};
      if (!cursor.isSymbol(',') && !cursor.isSymbol(')')) {
        throw unsupported(`A column with ${cursor.peek().text.toUpperCase()}`, cursor.at);
      }
      columns.push({ name, type, required, ...options });
    } while (cursor.acceptSymbol(','));
    cursor.expectSymbol(')');
    return columns;
  }

  /** `OPTIONS(description = "…")`; other options are refused. */
  #options(): { description?: string } {
    const { cursor } = this;
    const options: { description?: string } = {};
    cursor.expectSymbol('(');
    if (cursor.acceptSymbol(')')) return options;
    cursor.list(() => {
      const name = cursor.identifier();
      cursor.expectSymbol('=');
      const value = cursor.peek();
      if (name.text.toLowerCase() !== 'description' || value.kind !== 'string') {
        throw unsupported(`Option ${name.text}`, name.at);
      }
      options.description = cursor.next().text;
    });
    cursor.expectSymbol(')');
    return options;
  }

  #drop(): Statement {
    const { cursor } = this;
    const at = cursor.expectKeyword('DROP');
    if (!cursor.acceptKeyword('TABLE')) {
      throw unsupported(`Statement DROP ${cursor.peek().text.toUpperCase()}`, at);
    }
    const ifExists = cursor.acceptKeyword('IF', 'EXISTS');
    return { node: 'drop', at, table: this.tableName(), ifExists };
  }

  #names(): Name[] {
    this.cursor.expectSymbol('(');
    const names = this.cursor.list(() => this.cursor.identifier());
    this.cursor.expectSymbol(')');
    return names;
  }
}

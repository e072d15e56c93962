import { invalidQuery, syntaxError, unsupported } from '../errors.ts';
import type { Expression } from './ast.ts';
import { DdlParser } from './parse-ddl.ts';
import type { Statement } from './statements.ts';

/** Characters in a statement. https://docs.cloud.google.com/bigquery/quotas#query_jobs */
const MAX_LENGTH = 1024 * 1024;

/** Statements of BigQuery that are refused by name. */
const UNSUPPORTED =
  /^(?:EXPORT|LOAD|CALL|EXECUTE|DECLARE|SET|BEGIN|COMMIT|ROLLBACK|IF|CASE|LOOP|REPEAT|WHILE|FOR|BREAK|LEAVE|CONTINUE|ITERATE|RAISE|RETURN)$/;

/** Parses one statement of GoogleSQL. Throws CloudError `invalidQuery`. */
export function parseStatement(sql: string): Statement {
  assertLength(sql);
  return new StatementParser(sql).parse();
}

/** Parses the body of a function. Throws CloudError `invalidQuery`. */
export function parseBody(sql: string): Expression {
  assertLength(sql);
  return new StatementParser(sql).body();
}

export function assertLength(sql: string): void {
  if (sql.length > MAX_LENGTH)
    throw invalidQuery(
      'The query is too large. The maximum standard SQL query length is 1024.00K characters, including comments and white space characters.',
    );
}

export class StatementParser extends DdlParser {
  parse(): Statement {
    if (this.peek().kind === 'end') throw syntaxError('Unexpected end of script', this.at);
    const statement = this.statement();
    this.acceptSymbol(';');
    this.expectEnd();
    return statement;
  }

  body(): Expression {
    const body = this.functionBody();
    this.expectEnd();
    return body;
  }

  protected statement(): Statement {
    const { keyword, at } = this.peek();
    if (this.isQueryStart() || this.isSymbol('(')) return this.query();
    const parse = Object.hasOwn(this.#statements, keyword) ? this.#statements[keyword] : undefined;
    if (parse) return parse();
    if (UNSUPPORTED.test(keyword)) throw unsupported(`Statement ${keyword}`, at);
    throw this.unexpected();
  }

  /** By their first keyword. */
  readonly #statements: Readonly<Record<string, () => Statement>> = {
    INSERT: () => this.insert(),
    UPDATE: () => this.update(),
    DELETE: () => this.delete(),
    MERGE: () => this.merge(),
    TRUNCATE: () => this.truncate(),
    CREATE: () => this.create(),
    ALTER: () => this.alter(),
    DROP: () => this.drop(),
    UNDROP: () => this.undrop(),
    ASSERT: () => this.#assert(),
    GRANT: () => this.#access('GRANT'),
    REVOKE: () => this.#access('REVOKE'),
  };

  #access(verb: 'GRANT' | 'REVOKE'): Statement {
    const at = this.expectKeyword(verb);
    const roles = this.list(() => this.identifier());
    this.expectKeyword('ON');
    const noun = this.acceptOne('SCHEMA', 'TABLE', 'VIEW');
    if (!noun) throw unsupported(`${verb} on ${this.peek().text.toUpperCase()}`, this.at);
    const target = this.tableName();
    this.expectKeyword(verb === 'GRANT' ? 'TO' : 'FROM');
    const members = this.list(() => this.literal('string'));
    return { node: 'access', at, verb, roles, noun, target, members };
  }

  #assert(): Statement {
    const at = this.expectKeyword('ASSERT');
    const condition = this.expression();
    if (!this.acceptKeyword('AS')) return { node: 'assert', at, condition };
    return { node: 'assert', at, condition, description: this.literal('string') };
  }
}

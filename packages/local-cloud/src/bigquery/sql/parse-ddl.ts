import { invalidQuery, unsupported } from '../errors.ts';
import type { Name } from './ast.ts';
import { FunctionParser } from './parse-function.ts';
import { parseScalarKind } from './parse-type.ts';
import type {
  ColumnDefinition,
  ColumnType,
  CreateTable,
  DdlStatement,
  OptionSetting,
  TableChange,
  TableName,
  TableNoun,
} from './statements.ts';

/** Parses statements that change the catalog. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language */
export abstract class DdlParser extends FunctionParser {
  protected create(): DdlStatement {
    const { cursor } = this;
    const at = cursor.expectKeyword('CREATE');
    const orReplace = cursor.acceptKeyword('OR', 'REPLACE');
    if (cursor.acceptKeyword('SCHEMA')) return this.#createSchema(at);
    if (cursor.acceptKeyword('VIEW')) return this.#createView(at, orReplace);
    if (cursor.acceptKeyword('SNAPSHOT', 'TABLE')) return this.#createSnapshot(at, orReplace);
    const isTemporary = ['TEMP', 'TEMPORARY'].some((word) => cursor.acceptKeyword(word, 'TABLE'));
    if (isTemporary) return { ...this.#createTable(at, orReplace), isTemporary };
    if (cursor.isKeyword('TABLE', 'FUNCTION')) throw unsupported('Statement CREATE TABLE FUNCTION', at);
    if (cursor.acceptKeyword('TABLE')) return this.#createTable(at, orReplace);
    const isTemporaryFunction = ['TEMP', 'TEMPORARY'].some((word) => cursor.acceptKeyword(word, 'FUNCTION'));
    if (isTemporaryFunction || cursor.acceptKeyword('FUNCTION')) {
      return this.createFunction(at, orReplace, isTemporaryFunction);
    }
    throw unsupported(`Statement CREATE ${cursor.peek().text.toUpperCase()}`, at);
  }

  #createSchema(at: DdlStatement['at']): DdlStatement {
    const ifNotExists = this.cursor.acceptKeyword('IF', 'NOT', 'EXISTS');
    const schema = this.tableName();
    if (this.cursor.isKeyword('DEFAULT')) throw unsupported('CREATE SCHEMA with DEFAULT', this.cursor.at);
    return { node: 'create schema', at, schema, ifNotExists, options: this.options() };
  }

  #createView(at: DdlStatement['at'], orReplace: boolean): DdlStatement {
    const { cursor } = this;
    const ifNotExists = cursor.acceptKeyword('IF', 'NOT', 'EXISTS');
    const table = this.tableName();
    const columns = cursor.isSymbol('(') ? this.#viewColumns() : undefined;
    const options = this.options();
    cursor.expectKeyword('AS');
    const start = cursor.peek().start;
    const query = this.query();
    const text = cursor.textSince(start);
    const view = { node: 'create view' as const, at, table, orReplace, ifNotExists, options, query, text };
    return { ...view, ...(columns && { columns }) };
  }

  #viewColumns() {
    const { cursor } = this;
    cursor.expectSymbol('(');
    const columns = cursor.list(() => ({ name: cursor.identifier(), options: this.options() }));
    cursor.expectSymbol(')');
    return columns;
  }

  #createSnapshot(at: DdlStatement['at'], orReplace: boolean): DdlStatement {
    const { cursor } = this;
    const ifNotExists = cursor.acceptKeyword('IF', 'NOT', 'EXISTS');
    const table = this.tableName();
    cursor.expectKeyword('CLONE');
    const source = this.#source('CLONE');
    return {
      ...{ node: 'create table', at, noun: 'SNAPSHOT TABLE', table, orReplace, ifNotExists },
      ...{ clusterBy: [], source, options: this.options() },
    };
  }

  #source(how: 'LIKE' | 'CLONE' | 'COPY'): NonNullable<CreateTable['source']> {
    const table = this.tableName();
    this.refuseSystemTime();
    return { how, table };
  }

  #createTable(at: DdlStatement['at'], orReplace: boolean): CreateTable {
    const { cursor } = this;
    const ifNotExists = cursor.acceptKeyword('IF', 'NOT', 'EXISTS');
    const table = this.tableName();
    const columns = cursor.isSymbol('(') ? this.#columns() : undefined;
    const how = (['LIKE', 'CLONE', 'COPY'] as const).find((word) => cursor.acceptKeyword(word));
    const source = how && this.#source(how);
    if (cursor.isKeyword('DEFAULT')) throw unsupported('CREATE TABLE with DEFAULT', cursor.at);
    const partitionBy = cursor.acceptKeyword('PARTITION', 'BY') ? this.expression() : undefined;
    const clusterBy = cursor.acceptKeyword('CLUSTER', 'BY') ? cursor.list(() => cursor.identifier()) : [];
    const options = this.options();
    const query = cursor.acceptKeyword('AS') ? this.query() : undefined;
    if (!columns && !query && !source) {
      throw invalidQuery('CREATE TABLE must have a column list or AS SELECT', at);
    }
    if (source && (columns || (query && source.how !== 'LIKE'))) {
      throw invalidQuery(`CREATE TABLE with ${source.how} cannot have columns or AS SELECT`, at);
    }
    return {
      ...{ node: 'create table', at, noun: 'TABLE', table, orReplace, ifNotExists, clusterBy, options },
      ...(columns && { columns }),
      ...(source && { source }),
      ...(query && { query }),
      ...(partitionBy && { partitionBy }),
    };
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
      columns.push(this.#column());
    } while (cursor.acceptSymbol(','));
    cursor.expectSymbol(')');
    return columns;
  }

  #column(name = this.cursor.identifier()): ColumnDefinition {
    const { cursor } = this;
    const type = this.#columnType();
    const required = cursor.acceptKeyword('NOT', 'NULL');
    const options = this.options();
    const { kind, text } = cursor.peek();
    if (kind !== 'end' && !/^(?:[,);]|>+)$/.test(text)) {
      throw unsupported(`A column with ${text.toUpperCase()}`, cursor.at);
    }
    return { name, type, required, options };
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#column_name_and_column_schema */
  #columnType(): ColumnType {
    const { cursor } = this;
    return cursor.nested(() => {
      const { at } = cursor;
      if (cursor.acceptKeyword('ARRAY')) {
        cursor.expectSymbol('<');
        const element = this.#columnType();
        // No element of a stored array is NULL.
        cursor.acceptKeyword('NOT', 'NULL');
        cursor.expectSymbol('>');
        if (element.kind === 'ARRAY') throw unsupported('An array of arrays', at);
        return { kind: 'ARRAY', element };
      }
      if (cursor.acceptKeyword('STRUCT')) {
        cursor.expectSymbol('<');
        const fields = cursor.list(() => this.#column(cursor.fieldName()));
        cursor.expectSymbol('>');
        return { kind: 'STRUCT', fields };
      }
      const kind = parseScalarKind(cursor);
      const parameters = cursor.acceptSymbol('(') ? cursor.list(() => this.#integer()) : undefined;
      if (parameters) cursor.expectSymbol(')');
      return { kind, parameters: parameters ?? [], at };
    });
  }

  #integer(): string {
    if (this.cursor.peek().kind !== 'integer') throw this.cursor.unexpected('integer literal');
    return this.cursor.next().text;
  }

  #setOptions(): OptionSetting[] {
    this.cursor.expectKeyword('SET');
    if (!this.cursor.isKeyword('OPTIONS')) throw this.cursor.unexpected('keyword OPTIONS');
    return this.options();
  }

  protected drop(): DdlStatement {
    const { cursor } = this;
    const at = cursor.expectKeyword('DROP');
    if (cursor.acceptKeyword('SCHEMA')) {
      const ifExists = cursor.acceptKeyword('IF', 'EXISTS');
      const schema = this.tableName();
      const cascade = cursor.acceptKeyword('CASCADE');
      if (!cascade) cursor.acceptKeyword('RESTRICT');
      return { node: 'drop schema', at, schema, ifExists, cascade };
    }
    if (cursor.acceptKeyword('FUNCTION')) {
      const ifExists = cursor.acceptKeyword('IF', 'EXISTS');
      return { node: 'drop function', at, routine: this.tableName(), ifExists };
    }
    if (cursor.isKeyword('TABLE', 'FUNCTION')) throw unsupported('Statement DROP TABLE FUNCTION', at);
    const noun = this.#noun();
    if (!noun) throw unsupported(`Statement DROP ${cursor.peek().text.toUpperCase()}`, at);
    const ifExists = cursor.acceptKeyword('IF', 'EXISTS');
    return { node: 'drop table', at, noun, table: this.tableName(), ifExists };
  }

  protected undrop(): DdlStatement {
    const { cursor } = this;
    const at = cursor.expectKeyword('UNDROP');
    if (!cursor.acceptKeyword('SCHEMA')) throw unsupported(`Statement UNDROP ${cursor.peek().keyword}`, at);
    const ifNotExists = cursor.acceptKeyword('IF', 'NOT', 'EXISTS');
    const schema = this.tableName();
    if (cursor.isKeyword('OPTIONS')) throw unsupported('UNDROP SCHEMA with OPTIONS', cursor.at);
    return { node: 'undrop schema', at, schema, ifNotExists };
  }

  #noun(): TableNoun | undefined {
    if (this.cursor.acceptKeyword('SNAPSHOT', 'TABLE')) return 'SNAPSHOT TABLE';
    return (['TABLE', 'VIEW'] as const).find((noun) => this.cursor.acceptKeyword(noun));
  }

  protected alter(): DdlStatement {
    const { cursor } = this;
    const at = cursor.expectKeyword('ALTER');
    if (cursor.acceptKeyword('SCHEMA')) {
      const ifExists = cursor.acceptKeyword('IF', 'EXISTS');
      const schema = this.tableName();
      if (!cursor.isKeyword('SET', 'OPTIONS')) {
        throw unsupported(`ALTER SCHEMA ${cursor.peek().text} ${cursor.peek(1).text}`.toUpperCase(), at);
      }
      return { node: 'alter schema', at, schema, ifExists, options: this.#setOptions() };
    }
    const noun = this.#noun();
    if (noun !== 'TABLE' && noun !== 'VIEW') {
      throw unsupported(`Statement ALTER ${cursor.peek().text.toUpperCase()}`, at);
    }
    const ifExists = cursor.acceptKeyword('IF', 'EXISTS');
    const table: TableName = this.tableName();
    const changes = cursor.list(() => this.#tableChange());
    if (noun === 'VIEW' && changes.some(({ change }) => !/OPTIONS$/.test(change))) {
      throw invalidQuery('ALTER VIEW can only SET OPTIONS', at);
    }
    return { node: 'alter table', at, noun, table, ifExists, changes };
  }

  #tableChange(): TableChange {
    const { cursor } = this;
    const { at } = cursor;
    if (cursor.acceptKeyword('ADD', 'COLUMN')) {
      const ifNotExists = cursor.acceptKeyword('IF', 'NOT', 'EXISTS');
      return { change: 'ADD COLUMN', column: this.#column(), ifNotExists };
    }
    if (cursor.acceptKeyword('DROP', 'COLUMN')) return { change: 'DROP COLUMN', ...this.#existing() };
    if (cursor.acceptKeyword('RENAME', 'COLUMN')) {
      const existing = this.#existing();
      cursor.expectKeyword('TO');
      return { change: 'RENAME COLUMN', ...existing, to: cursor.identifier() };
    }
    if (cursor.acceptKeyword('RENAME', 'TO')) return { change: 'RENAME TO', to: cursor.identifier() };
    if (cursor.acceptKeyword('ALTER', 'COLUMN')) return this.#columnChange();
    if (cursor.isKeyword('SET', 'OPTIONS')) return { change: 'SET OPTIONS', options: this.#setOptions() };
    throw unsupported(`ALTER TABLE ${cursor.peek().text} ${cursor.peek(1).text}`.toUpperCase(), at);
  }

  #columnChange(): TableChange {
    const { cursor } = this;
    const existing = this.#existing();
    if (cursor.acceptKeyword('DROP', 'NOT', 'NULL')) return { change: 'DROP NOT NULL', ...existing };
    if (cursor.isKeyword('SET', 'OPTIONS')) {
      return { change: 'SET COLUMN OPTIONS', ...existing, options: this.#setOptions() };
    }
    const words = [0, 1, 2].map((ahead) => cursor.peek(ahead).keyword).join(' ');
    throw unsupported(`ALTER COLUMN ${words}`.trim(), cursor.at);
  }

  #existing(): { name: Name; ifExists: boolean } {
    const ifExists = this.cursor.acceptKeyword('IF', 'EXISTS');
    return { ifExists, name: this.cursor.identifier() };
  }
}

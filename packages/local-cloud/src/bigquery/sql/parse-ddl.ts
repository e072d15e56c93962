import { invalidQuery, type Position, unsupported } from '../errors.ts';
import type { Name } from './ast.ts';
import { FunctionParser } from './parse-function.ts';
import type {
  ColumnDefinition,
  ColumnType,
  DdlStatement,
  OptionSetting,
  StatementOf,
  TableChange,
  TableNoun,
} from './statements.ts';

type CreateTable = StatementOf<'create table'>;

/** Parses statements that change the catalog. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language */
export abstract class DdlParser extends FunctionParser {
  protected create(): DdlStatement {
    const at = this.expectKeyword('CREATE');
    const orReplace = this.acceptKeyword('OR', 'REPLACE');
    if (orReplace && this.isKeyword('SCHEMA')) throw unsupported('Statement CREATE OR REPLACE SCHEMA', at);
    if (this.acceptKeyword('SCHEMA')) return this.#createSchema(at);
    if (this.acceptKeyword('VIEW')) return this.#createView(at, orReplace);
    if (this.acceptKeyword('SNAPSHOT', 'TABLE')) return this.#createSnapshot(at, orReplace);
    const isTemporary = ['TEMP', 'TEMPORARY'].some((word) => this.acceptKeyword(word, 'TABLE'));
    if (isTemporary) return { ...this.#createTable(at, orReplace), isTemporary };
    if (this.isKeyword('TABLE', 'FUNCTION')) throw unsupported('Statement CREATE TABLE FUNCTION', at);
    if (this.acceptKeyword('TABLE')) return this.#createTable(at, orReplace);
    const isTemporaryFunction = ['TEMP', 'TEMPORARY'].some((word) => this.acceptKeyword(word, 'FUNCTION'));
    if (isTemporaryFunction || this.acceptKeyword('FUNCTION')) {
      return this.createFunction(at, orReplace, isTemporaryFunction);
    }
    throw unsupported(`Statement CREATE ${this.peek().text.toUpperCase()}`, at);
  }

  #createSchema(at: Position): DdlStatement {
    const ifNotExists = this.ifNotExists();
    const schema = this.tableName();
    if (this.isKeyword('DEFAULT')) throw unsupported('CREATE SCHEMA with DEFAULT', this.at);
    return { node: 'create schema', at, schema, ifNotExists, options: this.options() };
  }

  #createView(at: Position, orReplace: boolean): DdlStatement {
    const ifNotExists = this.ifNotExists();
    const table = this.tableName();
    const column = () => ({ name: this.identifier(), options: this.options() });
    const columns = this.isSymbol('(') ? this.inParentheses(column) : undefined;
    const options = this.options();
    this.expectKeyword('AS');
    const { start } = this.peek();
    const query = this.query();
    const text = this.textSince(start);
    return { node: 'create view', at, table, orReplace, ifNotExists, columns, options, query, text };
  }

  #createSnapshot(at: Position, orReplace: boolean): DdlStatement {
    const ifNotExists = this.ifNotExists();
    const table = this.tableName();
    this.expectKeyword('CLONE');
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

  #createTable(at: Position, orReplace: boolean): CreateTable {
    const ifNotExists = this.ifNotExists();
    const table = this.tableName();
    const columns = this.isSymbol('(') ? this.#columns() : undefined;
    const how = this.acceptOne('LIKE', 'CLONE', 'COPY');
    const source = how && this.#source(how);
    if (this.isKeyword('DEFAULT')) throw unsupported('CREATE TABLE with DEFAULT', this.at);
    const partitionBy = this.acceptKeyword('PARTITION', 'BY') ? this.expression() : undefined;
    const clusterBy = this.acceptKeyword('CLUSTER', 'BY') ? this.list(() => this.identifier()) : [];
    const options = this.options();
    const query = this.acceptKeyword('AS') ? this.query() : undefined;
    if (!columns && !query && !source)
      throw invalidQuery('CREATE TABLE must have a column list or AS SELECT', at);
    if (source && (columns || (query && source.how !== 'LIKE')))
      throw invalidQuery(`CREATE TABLE with ${source.how} cannot have columns or AS SELECT`, at);
    return {
      ...{ node: 'create table', at, noun: 'TABLE', table, orReplace, ifNotExists, columns, source },
      ...{ partitionBy, clusterBy, options, query },
    };
  }

  /** A comma may follow the last column. */
  #columns(): ColumnDefinition[] {
    return this.parenthesized(() => {
      const columns: ColumnDefinition[] = [];
      do {
        if (this.isSymbol(')')) break;
        const { keyword, at } = this.peek();
        if (/^(PRIMARY|CONSTRAINT|FOREIGN)$/.test(keyword) && this.peek(1).kind === 'identifier')
          throw unsupported(`A table constraint (${keyword})`, at);
        columns.push(this.#column());
      } while (this.acceptSymbol(','));
      return columns;
    });
  }

  #column(name = this.identifier()): ColumnDefinition {
    const type = this.#columnType();
    const required = this.acceptKeyword('NOT', 'NULL');
    const options = this.options();
    const { kind, text } = this.peek();
    if (kind !== 'end' && !/^(?:[,);]|>+)$/.test(text))
      throw unsupported(`A column with ${text.toUpperCase()}`, this.at);
    return { name, type, required, options };
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#column_name_and_column_schema */
  #columnType(): ColumnType {
    return this.nested(() => {
      const { at } = this;
      if (this.acceptKeyword('ARRAY')) {
        const element = this.inAngles(() => {
          const type = this.#columnType();
          // No element of a stored array is NULL.
          this.acceptKeyword('NOT', 'NULL');
          return type;
        });
        if (element.kind === 'ARRAY') throw unsupported('An array of arrays', at);
        return { kind: 'ARRAY', element };
      }
      if (this.acceptKeyword('STRUCT')) {
        const field = () => this.#column(this.fieldName());
        return { kind: 'STRUCT', fields: this.inAngles(() => this.list(field)) };
      }
      const kind = this.scalarKind();
      const parameters = this.isSymbol('(') ? this.inParentheses(() => this.literal('integer')) : [];
      return { kind, parameters, at };
    });
  }

  #setOptions(): OptionSetting[] {
    this.expectKeyword('SET');
    if (!this.isKeyword('OPTIONS')) throw this.unexpected('keyword OPTIONS');
    return this.options();
  }

  protected drop(): DdlStatement {
    const at = this.expectKeyword('DROP');
    if (this.acceptKeyword('SCHEMA')) {
      const ifExists = this.#ifExists();
      const schema = this.tableName();
      const cascade = this.acceptKeyword('CASCADE');
      if (!cascade) this.acceptKeyword('RESTRICT');
      return { node: 'drop schema', at, schema, ifExists, cascade };
    }
    if (this.acceptKeyword('FUNCTION')) {
      const ifExists = this.#ifExists();
      return { node: 'drop function', at, routine: this.tableName(), ifExists };
    }
    if (this.isKeyword('TABLE', 'FUNCTION')) throw unsupported('Statement DROP TABLE FUNCTION', at);
    const noun = this.#noun();
    if (!noun) throw unsupported(`Statement DROP ${this.peek().text.toUpperCase()}`, at);
    const ifExists = this.#ifExists();
    return { node: 'drop table', at, noun, table: this.tableName(), ifExists };
  }

  protected undrop(): DdlStatement {
    const at = this.expectKeyword('UNDROP');
    if (!this.acceptKeyword('SCHEMA')) throw unsupported(`Statement UNDROP ${this.peek().keyword}`, at);
    const ifNotExists = this.ifNotExists();
    const schema = this.tableName();
    if (this.isKeyword('OPTIONS')) throw unsupported('UNDROP SCHEMA with OPTIONS', this.at);
    return { node: 'undrop schema', at, schema, ifNotExists };
  }

  #noun(): TableNoun | undefined {
    if (this.acceptKeyword('SNAPSHOT', 'TABLE')) return 'SNAPSHOT TABLE';
    return (['TABLE', 'VIEW'] as const).find((noun) => this.acceptKeyword(noun));
  }

  protected alter(): DdlStatement {
    const at = this.expectKeyword('ALTER');
    if (this.acceptKeyword('SCHEMA')) {
      const ifExists = this.#ifExists();
      const schema = this.tableName();
      if (!this.isKeyword('SET', 'OPTIONS'))
        throw unsupported(`ALTER SCHEMA ${this.peek().text} ${this.peek(1).text}`.toUpperCase(), at);
      return { node: 'alter schema', at, schema, ifExists, options: this.#setOptions() };
    }
    const noun = this.#noun();
    if (noun !== 'TABLE' && noun !== 'VIEW')
      throw unsupported(`Statement ALTER ${this.peek().text.toUpperCase()}`, at);
    const ifExists = this.#ifExists();
    const table = this.tableName();
    const changes = this.list(() => this.#tableChange());
    if (noun === 'VIEW' && changes.some(({ change }) => !/OPTIONS$/.test(change)))
      throw invalidQuery('ALTER VIEW can only SET OPTIONS', at);
    return { node: 'alter table', at, noun, table, ifExists, changes };
  }

  #tableChange(): TableChange {
    const { at } = this;
    if (this.acceptKeyword('ADD', 'COLUMN')) {
      const ifNotExists = this.ifNotExists();
      return { change: 'ADD COLUMN', column: this.#column(), ifNotExists };
    }
    if (this.acceptKeyword('DROP', 'COLUMN')) return { change: 'DROP COLUMN', ...this.#existing() };
    if (this.acceptKeyword('RENAME', 'COLUMN')) {
      const existing = this.#existing();
      this.expectKeyword('TO');
      return { change: 'RENAME COLUMN', ...existing, to: this.identifier() };
    }
    if (this.acceptKeyword('RENAME', 'TO')) return { change: 'RENAME TO', to: this.identifier() };
    if (this.acceptKeyword('ALTER', 'COLUMN')) return this.#columnChange();
    if (this.isKeyword('SET', 'OPTIONS')) return { change: 'SET OPTIONS', options: this.#setOptions() };
    throw unsupported(`ALTER TABLE ${this.peek().text} ${this.peek(1).text}`.toUpperCase(), at);
  }

  #columnChange(): TableChange {
    const existing = this.#existing();
    if (this.acceptKeyword('DROP', 'NOT', 'NULL')) return { change: 'DROP NOT NULL', ...existing };
    if (this.isKeyword('SET', 'OPTIONS')) {
      return { change: 'SET COLUMN OPTIONS', ...existing, options: this.#setOptions() };
    }
    const words = [0, 1, 2].map((ahead) => this.peek(ahead).keyword).join(' ');
    throw unsupported(`ALTER COLUMN ${words}`.trim(), this.at);
  }

  #existing(): { name: Name; ifExists: boolean } {
    return { ifExists: this.#ifExists(), name: this.identifier() };
  }

  #ifExists(): boolean {
    return this.acceptKeyword('IF', 'EXISTS');
  }
}

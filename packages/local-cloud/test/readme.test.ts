import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { BIGQUERY_FUNCTIONS, SPECIAL_FUNCTIONS } from '../src/bigquery/sql/functions/catalogue.ts';
import { functionSignatures } from '../src/bigquery/sql/functions/functions.ts';
import { isApplied, type ResourceType } from '../src/pulumi/resource-type.ts';
import { DATA_SOURCES, RESOURCE_TYPES } from '../src/pulumi/resources/index.ts';
import { STATEMENTS } from './bigquery/vectors/statements.ts';

/** The example of each is run by statements.test.ts. */
function statementRows(): string[] {
  return Object.entries(STATEMENTS).map(([group, statements]) => {
    const names = Object.keys(statements);
    const refused = names.filter((name) => name.startsWith('!'));
    const answered = names.filter((name) => !name.startsWith('!'));
    const cells = [group, code(answered), code(refused.map((name) => name.slice(1)))];
    return `| ${cells.join(' | ')} |`.replace(/ +/g, ' ');
  });
}

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The name in a program: `pubsub.Topic` for `gcp:pubsub/topic:Topic`. */
function nameOf(type: string): string {
  const [, path = '', name = ''] = type.split(':');
  return type.startsWith('pulumi:') ? 'Provider' : `${path.split('/')[0]}.${name}`;
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function cellsOf(definition: ResourceType): string {
  const cells = isApplied(definition)
    ? [definition.effect, code(Object.keys(definition.notEmulated)), code(Object.keys(definition.refused))]
    : [`*not emulated:* ${definition.notEmulatedBecause}`, '', ''];
  return cells.join(' | ');
}

/** One row for all types with the same cells. */
function rows(): string[] {
  const types = new Map<string, string[]>();
  for (const [type, definition] of Object.entries(RESOURCE_TYPES)) {
    const cells = cellsOf(definition);
    types.set(cells, [...(types.get(cells) ?? []), nameOf(type)]);
  }
  return Array.from(types, ([cells, names]) => `| ${code(names)} | ${cells} |`.replace(/ +/g, ' '));
}

describe('the README', () => {
  it('lists exactly the resource types in code', () => {
    const listed = /<!-- resource types: .*?-->\n(.*?)\n<!-- end of resource types -->/s.exec(readme)?.[1];
    const header = ['| type | effect | accepted without effect | refused |', '| --- | --- | --- | --- |'];
    expect(listed?.trim().split('\n')).toEqual([...header, ...rows()]);
  });

  it('lists exactly the functions of SQL in code', () => {
    const answered = new Set([...functionSignatures().map(({ name }) => name), ...SPECIAL_FUNCTIONS]);
    const rows = Array.from(BIGQUERY_FUNCTIONS, ([group, names]) => {
      const refused = names.filter((name) => !answered.has(name));
      const list = refused.length === names.length && refused.length > 4 ? 'all' : code(refused);
      return `| ${group} | ${names.length - refused.length} of ${names.length} | ${list} |`.replace(
        / +/g,
        ' ',
      );
    });
    const listed = /<!-- functions: .*?-->\n(.*?)\n<!-- end of functions -->/s.exec(readme)?.[1];
    const header = ['| functions | answered | refused by name |', '| --- | --- | --- |'];
    expect(listed?.trim().split('\n')).toEqual([...header, ...rows]);
    // What is in a table of functions but in no group would be missing above.
    const known = new Set([...BIGQUERY_FUNCTIONS.values()].flat());
    expect([...answered].filter((name) => !known.has(name))).toEqual([]);
  });

  it('lists exactly the statements of SQL that are tried', () => {
    const listed = /<!-- statements: .*?-->\n(.*?)\n<!-- end of statements -->/s.exec(readme)?.[1];
    const header = ['| statements | run | refused by name |', '| --- | --- | --- |'];
    expect(listed?.trim().split('\n')).toEqual([...header, ...statementRows()]);
  });

  it('names every data source', () => {
    for (const source of Object.keys(DATA_SOURCES)) {
      const [, path = '', name = ''] = source.split(':');
      expect(readme).toContain(`\`${path.split('/')[0]}.${name}\``);
    }
  });
});

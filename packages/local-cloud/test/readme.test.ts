import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { isApplied, type ResourceType } from '../src/pulumi/resource-type.ts';
import { DATA_SOURCES, RESOURCE_TYPES } from '../src/pulumi/resources/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** `gcp:pubsub/topic:Topic` is `pubsub.Topic` to a program. */
function nameOf(type: string): string {
  const [, path = '', name = ''] = type.split(':');
  return type.startsWith('pulumi:') ? 'Provider' : `${path.split('/')[0]}.${name}`;
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function row([type, definition]: [string, ResourceType]): string {
  const cells = isApplied(definition)
    ? [definition.effect, code(Object.keys(definition.notEmulated)), code(Object.keys(definition.refused))]
    : [`*not emulated:* ${definition.notEmulatedBecause}`, '', ''];
  return `| \`${nameOf(type)}\` | ${cells.join(' | ')} |`.replace(/ +/g, ' ');
}

describe('the README', () => {
  it('lists exactly the resource types of the table in code', () => {
    const listed = /<!-- resource types: .*?-->\n(.*?)\n<!-- end of resource types -->/s.exec(readme)?.[1];
    const rows = Object.entries(RESOURCE_TYPES).map(row);
    const header = [
      '| type | in the local cloud | accepted without effect | refused |',
      '| --- | --- | --- | --- |',
    ];
    expect(listed?.trim().split('\n')).toEqual([...header, ...rows]);
  });

  it('names every data source', () => {
    for (const source of Object.keys(DATA_SOURCES)) {
      const [, path = '', name = ''] = source.split(':');
      expect(readme).toContain(`\`${path.split('/')[0]}.${name}\``);
    }
  });
});

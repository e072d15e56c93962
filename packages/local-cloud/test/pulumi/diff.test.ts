import { describe, expect, it } from '@jest/globals';
import { changedPaths, keepIgnored, topLevel } from '../../src/pulumi/diff.ts';
import { propertyChanges } from '../../src/pulumi/property-changes.ts';
import { incompatibleChange } from '../../src/pulumi/resources/bigquery-schema.ts';

describe('changedPaths', () => {
  it('names the deepest places at which two values differ', () => {
    const old = { labels: { a: '1', b: '2' }, list: [{ x: 1 }, { x: 2 }], same: [1], gone: true };
    const next = { labels: { a: '1', b: '3', c: '4' }, list: [{ x: 1 }, { x: 3 }], same: [1] };
    expect(changedPaths(old, next)).toEqual(['gone', 'labels.b', 'labels.c', 'list[1].x']);
  });

  it('names a list whose length changed, and a value that changed its kind', () => {
    expect(changedPaths({ a: [1], b: {} }, { a: [1, 2], b: [] })).toEqual(['a', 'b']);
  });
});

describe('topLevel', () => {
  it('is the input that a path begins with', () => {
    expect(['labels.a', 'list[1].x', 'name'].map(topLevel)).toEqual(['labels', 'list', 'name']);
  });
});

describe('keepIgnored', () => {
  const old = {
    labels: { a: '1', b: '2' },
    list: [
      { x: 1, y: 1 },
      { x: 2, y: 2 },
    ],
    gone: true,
  };
  const next = {
    labels: { a: '9' },
    list: [
      { x: 9, y: 9 },
      { x: 8, y: 8 },
    ],
    added: true,
  };

  it.each([
    [['labels'], { ...next, labels: { a: '1', b: '2' } }],
    [['labels.a'], { ...next, labels: { a: '1' } }],
    [['labels["b"]'], { ...next, labels: { a: '9', b: '2' } }],
    [
      ['list[0].x'],
      {
        ...next,
        list: [
          { x: 1, y: 9 },
          { x: 8, y: 8 },
        ],
      },
    ],
    [
      ['list[*].y'],
      {
        ...next,
        list: [
          { x: 9, y: 1 },
          { x: 8, y: 2 },
        ],
      },
    ],
    [['added', 'gone'], { labels: next.labels, list: next.list, gone: true }],
    [['nothing.here'], next],
  ])('with %j takes exactly these from before', (paths, expected) => {
    expect(keepIgnored(old, next, paths)).toEqual(expected);
  });
});

describe('a change of columns', () => {
  const id = { name: 'id', type: 'STRING', mode: 'REQUIRED' };
  const nested = { name: 'where', type: 'RECORD', fields: [{ name: 'city', type: 'STRING' }] };

  it.each([
    ['the same', [id], [id]],
    [
      'a name in another case, a type by its alias',
      [{ name: 'n', type: 'INT64' }],
      [{ name: 'N', type: 'INTEGER' }],
    ],
    ['a new column that may be empty', [id], [id, { name: 'n', type: 'STRING' }]],
    ['a new repeated column', [id], [id, { name: 'n', type: 'STRING', mode: 'REPEATED' }]],
    ['a column that is no longer required', [id], [{ ...id, mode: 'NULLABLE' }]],
    ['a description', [id], [{ ...id, description: 'Identity.' }]],
    [
      'a new nested column',
      [nested],
      [{ ...nested, fields: [...nested.fields, { name: 'zip', type: 'STRING' }] }],
    ],
  ])('keeps the rows: %s', (_, old, next) => {
    expect(incompatibleChange(old, next)).toBeUndefined();
  });

  it.each([
    [[id], [], 'column id is gone'],
    [[id], [{ ...id, type: 'INTEGER' }], 'column id changes from STRING to INTEGER'],
    [[{ ...id, mode: 'NULLABLE' }], [id], 'column id changes from NULLABLE to REQUIRED'],
    [[id], [{ ...id, mode: 'REPEATED' }], 'column id changes from REQUIRED to REPEATED'],
    [[], [id], 'column id is new and REQUIRED, and existing rows have no value for it'],
    [[nested], [{ ...nested, fields: [] }], 'column where.city is gone'],
  ])('from %j to %j does not', (old, next, reason) => {
    expect(incompatibleChange(old, next)).toBe(reason);
  });
});

describe('the changes of a step', () => {
  const isSecret = (property: string) => property === 'password';

  it('show the old and the new value of each property, and what is added or removed', () => {
    const old = { deadline: 60, labels: { 'a.b': 'x' }, gone: true };
    const next = { deadline: 90, labels: { 'a.b': 'y' }, added: [1] };
    expect(propertyChanges(old, next, isSecret)).toEqual([
      { path: 'added', old: undefined, new: '[1]' },
      { path: 'deadline', old: '60', new: '90' },
      { path: 'gone', old: 'true', new: undefined },
      { path: 'labels.a.b', old: '"x"', new: '"y"' },
    ]);
  });

  it('hide the values of a secret', () => {
    const changes = propertyChanges({ password: 'old' }, { password: { value: 'new' } }, isSecret);
    expect(changes).toEqual([{ path: 'password', old: '[secret]', new: '[secret]' }]);
  });

  it('cut long values around their first difference', () => {
    const start = 'x'.repeat(5_000);
    const [change] = propertyChanges(
      { schema: `${start}OLD${start}` },
      { schema: `${start}NEW${start}` },
      isSecret,
    );
    expect(change?.old).toMatch(/^…x{20}OLDx+…$/);
    expect(change?.new).toMatch(/^…x{20}NEWx+…$/);
    expect(change?.new?.length).toBeLessThan(110);
  });
});

import { CloudError } from '../errors.ts';

/** The fields to keep, each whole or with a selection of its own. */
export interface Selection extends ReadonlyMap<string, Selection | undefined> {}

const TOKEN = /[^,/()]+|[,/()]/g;

/** Parses the parameter `fields`: `kind,datasets(id,labels/team)`. https://docs.cloud.google.com/storage/docs/json_api#partial-response */
export function parseSelection(text: string): Selection {
  const tokens = text.match(TOKEN) ?? [];
  let position = 0;
  const refused = () => new CloudError('INVALID_ARGUMENT', `Invalid field selection ${text}`);

  const list = (depth: number): Selection => {
    const selection = new Map<string, Selection | undefined>();
    do {
      const name = tokens[position]?.trim() ?? '';
      if (!/^(\*|[\w$-]+)$/.test(name) || depth > MAX_DEPTH) throw refused();
      position += 1;
      selection.set(name, merged(selection, name, below(depth)));
    } while (tokens[position] === ',' && ++position);
    return selection;
  };
  const below = (depth: number): Selection | undefined => {
    if (tokens[position] === '/') {
      position += 1;
      const name = tokens[position]?.trim() ?? '';
      if (!/^(\*|[\w$-]+)$/.test(name) || depth > MAX_DEPTH) throw refused();
      position += 1;
      return new Map([[name, below(depth + 1)]]);
    }
    if (tokens[position] !== '(') return undefined;
    position += 1;
    const selection = list(depth + 1);
    if (tokens[position] !== ')') throw refused();
    position += 1;
    return selection;
  };

  const selection = list(0);
  if (position < tokens.length) throw refused();
  return selection;
}

/** https://docs.cloud.google.com/bigquery/docs/nested-repeated#limitations; responses nest a little deeper than columns. */
const MAX_DEPTH = 64;

function merged(selection: Selection, name: string, next: Selection | undefined): Selection | undefined {
  const earlier = selection.get(name);
  if (!selection.has(name) || next === undefined) return next;
  if (earlier === undefined) return undefined;
  const both = new Map(earlier);
  for (const [key, value] of next) both.set(key, merged(both, key, value));
  return both;
}

/** The selected part of a response; lists are transparent. Undefined when nothing of it is selected. */
export function selected(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => selected(item, selection) ?? {});
  if (typeof value !== 'object' || value === null) return undefined;
  const kept: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const key = selection.has(name) ? name : '*';
    if (!selection.has(key)) continue;
    const inner = selection.get(key);
    const part = inner === undefined ? item : selected(item, inner);
    if (part !== undefined) kept[name] = part;
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}

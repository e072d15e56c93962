import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Google's types of the REST API, as its Node.js client has them. They are made from the discovery document. */
const TYPES = readFileSync(
  createRequire(import.meta.url)
    .resolve('@google-cloud/bigquery')
    .replace(/index\.js$/, 'types.d.ts'),
  'utf8',
)
  .replace(/\/\*\*[\s\S]*?\*\//g, '')
  .replace(/\/\/.*$/gm, '');

/** A type as TypeScript writes it: `string`, `boolean`, `Array<ITableReference>`, `{ [key: string]: string }`. */
export type TypeText = string;

/** The fields of every message by the name of the message, and the query parameters by the name of the method. */
export interface GoogleTypes {
  readonly messages: ReadonlyMap<string, ReadonlyMap<string, TypeText>>;
  /** `datasets.list`; a method without query parameters has no entry. */
  readonly parameters: ReadonlyMap<string, ReadonlyMap<string, TypeText>>;
}

export function googleTypes(): GoogleTypes {
  const messages = new Map<string, ReadonlyMap<string, TypeText>>();
  const parameters = new Map<string, ReadonlyMap<string, TypeText>>();
  let resource = '';
  for (const match of TYPES.matchAll(/namespace (\w+) \{|type I(\w+) = \{/g)) {
    const [, namespace, name = ''] = match;
    if (namespace !== undefined) {
      resource = namespace;
      continue;
    }
    const fields = fieldsOf(bodyAt(match.index + match[0].length));
    if (resource === 'bigquery') messages.set(name, fields);
    else
      parameters.set(
        `${resource}.${name.replace(/Params$/, '').replace(/^./, (first) => first.toLowerCase())}`,
        fields,
      );
  }
  return { messages, parameters };
}

/** The text up to the brace that closes the one before `start`. */
function bodyAt(start: number): string {
  let depth = 1;
  let end = start;
  while (depth > 0) {
    if (TYPES[end] === '{') depth += 1;
    if (TYPES[end] === '}') depth -= 1;
    end += 1;
  }
  return TYPES.slice(start, end - 1);
}

/** The fields of an object type: those that are not inside another brace. */
export function fieldsOf(text: string): ReadonlyMap<string, TypeText> {
  const body = `${text};`;
  const fields = new Map<string, TypeText>();
  let depth = 0;
  let from = 0;
  for (let at = 0; at < body.length; at += 1) {
    if ('{<('.includes(body[at] ?? '')) depth += 1;
    if ('}>)'.includes(body[at] ?? '')) depth -= 1;
    if (body[at] !== ';' || depth > 0) continue;
    const [, name, type = ''] = /^\s*'?([\w.]+)'?\?:\s*([\s\S]*)$/.exec(body.slice(from, at)) ?? [];
    if (name !== undefined) fields.set(name, type.trim());
    from = at + 1;
  }
  return fields;
}

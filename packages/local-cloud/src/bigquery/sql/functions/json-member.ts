import { defined } from './computed.ts';

/** The member of an object; SQL's NULL where there is none. */
export const jsonMember = defined('json_member', 'JSON, STRING -> JSON', (json, name) => {
  if (json.kind !== 'object') return null;
  return json.members.find(([own]) => own === name)?.[1] ?? null;
});

/** The item of an array; SQL's NULL where there is none. */
export const jsonItem = defined('json_item', 'JSON, INT64 -> JSON', (json, index) => {
  if (json.kind !== 'array' || index < 0n) return null;
  return json.items[Number(index)] ?? null;
});

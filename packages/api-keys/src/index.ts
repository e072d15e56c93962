export { hashOf, idOf, isWellFormed, mintKey } from './key.ts';
export {
  addKey,
  EMPTY_KEY_LIST,
  type KeyEntry,
  type KeyList,
  KeyListError,
  MAX_KEY_LIST_BYTES,
  merge,
  parseKeyList,
  revokeKey,
  stateOf,
  textOf,
} from './key-list.ts';

export { checkTag } from './canary/tag-check.ts';
export { discard, list, type ReplayResult, replay, type Selection } from './dead-letters/actions.ts';
export { type DeadLetter, MAX_REPLAYS } from './dead-letters/dead-letter.ts';
export type { Filter } from './dead-letters/filter.ts';
export { Mailbox } from './dead-letters/mailbox.ts';

export { discard, list, type ReplayResult, replay, type Selection } from './actions.ts';
export { type DeadLetter, deadLetterOf, MAX_REPLAYS } from './dead-letter.ts';
export { type DeadLetterGroup, groupsOf } from './groups.ts';
export { Mailbox } from './mailbox.ts';

export { AnswerError } from './api.ts';
export { type ProbeResult, probe } from './probe.ts';
export { checkTag, type Tag } from './tag-check.ts';

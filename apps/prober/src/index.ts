export { AnswerError, Api, bearer, bodyOf, expectStatus } from './api.ts';
export { type ProbeResult, probe } from './probe.ts';
export { faultOf } from './record.ts';

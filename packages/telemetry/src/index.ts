export { TRACE_ATTRIBUTE, traceOfMessage } from './message-attribute.ts';
export { type Program, resourceAttributes } from './program.ts';
export { traceContextOf, traceparentOf } from './trace-context.ts';

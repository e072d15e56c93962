export { Google } from './google.ts';
export { lineOf } from './line.ts';
export { type ProbeOptions, type ProbeResult, probe } from './probe.ts';
export { differenceOf, type Mark, markedRecord } from './record.ts';
export { Spans } from './spans.ts';
export { until, type Waits } from './until.ts';

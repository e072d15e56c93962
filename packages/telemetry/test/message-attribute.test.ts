import { describe, expect, it } from '@jest/globals';
import { TRACE_ATTRIBUTE, traceOfMessage, traceparentOf } from '../src/index.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('the trace of a message', () => {
  it("is read from the attribute of Google's clients", () => {
    const traceparent = traceparentOf({ traceId: TRACE, spanId: SPAN });
    expect(traceOfMessage({ [TRACE_ATTRIBUTE]: traceparent, sender: 'crm' })).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      traceFlags: 1,
    });
  });

  it.each([{}, { traceparent: `00-${TRACE}-${SPAN}-01` }, { [TRACE_ATTRIBUTE]: 'anything' }])(
    'is undefined for the attributes %j',
    (attributes) => {
      expect(traceOfMessage(attributes)).toBeUndefined();
    },
  );
});

import { describe, expect, it } from '@jest/globals';
import { traceFields } from '../src/trace.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('the trace of a request', () => {
  it('is taken from traceparent', () => {
    expect(traceFields({ traceparent: `00-${trace}-00f067aa0ba902b7-01` }, 'p')).toEqual({
      'logging.googleapis.com/trace': `projects/p/traces/${trace}`,
      'logging.googleapis.com/spanId': '00f067aa0ba902b7',
      'logging.googleapis.com/trace_sampled': true,
    });
  });

  it("is taken from Google's header without a traceparent, its span converted from decimal to hexadecimal", () => {
    expect(traceFields({ 'x-cloud-trace-context': `${trace}/12345;o=0` }, 'p')).toEqual({
      'logging.googleapis.com/trace': `projects/p/traces/${trace}`,
      'logging.googleapis.com/spanId': '0000000000003039',
      'logging.googleapis.com/trace_sampled': false,
    });
  });

  it('prefers the W3C header', () => {
    const fields = traceFields(
      { traceparent: `00-${trace}-00f067aa0ba902b7-00`, 'x-cloud-trace-context': `${'a'.repeat(32)}/1;o=1` },
      'p',
    );
    expect(fields['logging.googleapis.com/trace']).toContain(trace);
    expect(fields['logging.googleapis.com/trace_sampled']).toBe(false);
  });

  it.each([
    undefined,
    '',
    'x',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `ff-${trace}-00f067aa0ba902b7-01`,
    `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${trace}-00f067aa0ba902b7-01"} injected`,
  ])('is omitted for the traceparent %j', (traceparent) => {
    expect(traceFields(traceparent === undefined ? {} : { traceparent }, 'p')).toEqual({});
  });

  it('does not fail on a span that is not a 64-bit number', () => {
    expect(() =>
      traceFields({ 'x-cloud-trace-context': `${trace}/99999999999999999999;o=1` }, 'p'),
    ).not.toThrow();
  });
});

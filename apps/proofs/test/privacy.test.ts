import { expect, it } from '@jest/globals';
import { runPrivacy } from '../src/privacy/privacy.ts';

it('a person who was forgotten is in no channel, also after replay, seek, republication and restore', async () => {
  const { traces, broken } = await runPrivacy();
  expect(broken).toEqual([]);
  expect(Object.keys(traces)).toEqual(['forget', 'replay', 'seek', 'republish', 'restore']);
  expect(Object.keys(traces.forget ?? {})).toHaveLength(13);
}, 240_000);

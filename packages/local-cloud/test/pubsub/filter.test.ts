import { describe, expect, it } from '@jest/globals';
import { CloudError } from '../../src/errors.ts';
import { parseFilter } from '../../src/pubsub/filter.ts';
import { errorOf, Harness, subscriptionName, textsOf, topicName } from './harness.ts';

describe('a filter', () => {
  const attributes = { name: 'com', empty: '', 'iana.org/language_tag': 'en', quote: 'a"b' };

  it.each([
    ['attributes:name', true],
    ['attributes:empty', true],
    ['attributes:missing', false],
    ['NOT attributes:missing', true],
    ['-attributes:name', false],
    ['attributes.name = "com"', true],
    ['attributes.name="org"', false],
    ['attributes.name != "org"', true],
    ['attributes.missing != "org"', true],
    ['attributes.name != "com"', false],
    ['hasPrefix(attributes.name, "co")', true],
    ['hasPrefix(attributes.name, "o")', false],
    ['hasPrefix(attributes.missing, "")', false],
    ['attributes:"iana.org/language_tag"', true],
    ['attributes."iana.org/language_tag" = "en"', true],
    ['attributes.quote = "a\\"b"', true],
    ['attributes:name AND attributes:missing', false],
    ['attributes:name OR attributes:missing', true],
    ['attributes:missing AND attributes:name AND attributes:empty', false],
    ['(attributes:missing OR attributes:name) AND NOT attributes:other', true],
    ['NOT (attributes:name AND attributes:empty)', false],
    ['attributes:toString', false],
  ])('%s is %s', (text, expected) => {
    expect(parseFilter(text)(attributes)).toBe(expected);
  });

  it.each([
    ['attributes.a =', 'expected a string in double quotes at "" (character 15)'],
    ['attributes.a = b', 'expected a string in double quotes at "b" (character 15)'],
    ['attributes.a > "b"', 'unknown character'],
    ['data = "x"', 'expected "attributes"'],
    ['attributes:a AND attributes:b OR attributes:c', 'AND and OR need parentheses'],
    ['(attributes:a', 'expected ")"'],
    ['attributes:a attributes:b', 'unexpected text after the expression'],
    ['attributes:', 'expected an attribute key'],
    [`attributes.a = "${'x'.repeat(250)}"`, 'it is longer than 256 bytes'],
  ])('refuses %s with the position', (text, reason) => {
    expect(() => parseFilter(text)).toThrow(CloudError);
    expect(() => parseFilter(text)).toThrow(reason);
  });

  it('keeps other messages out of the subscription, and cannot be changed', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({ filter: 'attributes.kind = "good"' });
    await harness.publish(['good'], 'records', { attributes: { kind: 'good' } });
    await harness.publish(['bad'], 'records', { attributes: { kind: 'bad' } });
    await harness.publish(['none']);
    expect(textsOf(await harness.pull())).toEqual(['good']);
    expect(await harness.pubsub.backlogSize({ subscription: subscriptionName('reader') })).toBe(1);
    const error = await errorOf(
      harness.subscriber.updateSubscription({
        subscription: { name: subscriptionName('reader'), topic: topicName('records'), filter: '' },
        updateMask: { paths: ['filter'] },
      }),
    );
    expect(error.details).toContain("'filter' of a Subscription cannot be changed");
  });
});

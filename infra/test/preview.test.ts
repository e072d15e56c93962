import { describe, expect, it } from '@jest/globals';
import { markdownOf, preview } from '../tools/preview.ts';
import { SettingsOnly } from './support/settings-only.ts';

const urn = 'urn:pulumi:dev::records-platform::records:index:Ingestion$gcp:pubsub/topic:Topic::records';

describe('a preview', () => {
  it('compares with the image of the last deployment, and counts what would change', async () => {
    const pulumi = new SettingsOnly();
    let imageAtPreview: string | undefined;
    pulumi.ask = async ([command]) => {
      if (command === 'stack') {
        return [
          { kind: 'update', result: 'succeeded', config: { 'records-platform:image': { value: 'i' } } },
        ];
      }
      imageAtPreview = pulumi.settings.image;
      return {
        steps: [
          { op: 'same', urn },
          { op: 'update', urn },
        ],
      };
    };
    const result = await preview('dev', pulumi);
    expect(imageAtPreview).toBe('i');
    expect(result).toEqual({
      stack: 'dev',
      changes: 1,
      text: 'update               pubsub/topic:Topic records',
    });
    expect(pulumi.ups).toEqual([]);
  });

  it('can not break out of its block in a comment, and is cut where a comment would be too long', () => {
    expect(markdownOf({ stack: 'dev', changes: 2, text: '```\n@everyone' })).toBe(
      '### dev: 2 changes\n\n````\n```\n@everyone\n````\n',
    );
    expect(markdownOf({ stack: 'dev', changes: 1, text: 'x'.repeat(100_000) }).length).toBeLessThan(20_200);
  });
});

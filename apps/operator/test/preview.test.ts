import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { UserError } from '@records/cli';
import { markdownOf, preview, reportPreview } from '../src/preview.ts';
import { FakePulumi } from './support/fake-pulumi.ts';

const urn = 'urn:pulumi:dev::records-platform::records:index:Ingestion$gcp:pubsub/topic:Topic::records';

describe('a preview', () => {
  it('changes nothing, and counts the changes', async () => {
    const pulumi = answering({
      steps: [
        { op: 'same', urn },
        { op: 'read', urn },
        { op: 'update', urn },
      ],
    });
    expect(await preview('dev', pulumi)).toEqual({
      stack: 'dev',
      changes: 1,
      text: 'update               pubsub/topic:Topic records',
    });
    expect(pulumi.ups).toEqual([]);
  });

  it('cannot break out of its block in a comment, and is cut to the length of a comment', () => {
    expect(markdownOf({ stack: 'dev', changes: 2, text: '```\n@everyone' })).toBe(
      '### dev: 2 changes\n\n````\n```\n@everyone\n````\n\n',
    );
    expect(markdownOf({ stack: 'dev', changes: 1, text: 'x'.repeat(100_000) }).length).toBeLessThan(20_200);
  });

  it('shows replacements and deletions first, with the changed properties', async () => {
    const pulumi = answering({
      steps: [
        { op: 'create', urn: named('new') },
        {
          op: 'update',
          urn: named('labelled'),
          detailedDiff: {
            'labels.team': { kind: 'add' },
            'template.containers[0].image': { kind: 'update' },
          },
        },
        { op: 'create-replacement', urn: named('moved'), replaceReasons: ['region'] },
        {
          op: 'replace',
          urn: named('moved'),
          detailedDiff: null,
          diffReasons: ['region', 'labels'],
          replaceReasons: ['region'],
        },
        { op: 'delete', urn: named('gone') },
        { op: 'delete-replaced', urn: named('moved') },
      ],
    });
    const { text, changes } = await preview('dev', pulumi);
    expect(changes).toBe(4);
    expect(text.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      'replace pubsub/topic:Topic moved',
      ' update-replace region',
      ' update labels',
      'delete pubsub/topic:Topic gone',
      'update pubsub/topic:Topic labelled',
      ' add labels.team',
      ' update template.containers[0].image',
      'create pubsub/topic:Topic new',
    ]);
  });

  it('that fails is reported as a failure, and fails', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'preview-')), 'preview.md');
    try {
      const failing = new FakePulumi();
      failing.ask = async () => {
        throw new UserError('"pulumi preview" ended with exit code 255');
      };
      await expect(reportPreview('staging', failing, [file])).rejects.toThrow('exit code 255');
      await reportPreview('prod', answering({ steps: [] }), [file, undefined]);
      const titles = readFileSync(file, 'utf8').match(/^### .+/gm);
      expect(titles).toEqual(['### staging: could not be compared', '### prod: 0 changes']);
      expect(readFileSync(file, 'utf8')).toContain('ended with exit code 255');
    } finally {
      rmSync(dirname(file), { recursive: true });
    }
  });
});

const named = (name: string) => urn.replace(/records$/, name);

function answering(answer: object): FakePulumi {
  const pulumi = new FakePulumi();
  pulumi.ask = async () => answer;
  return pulumi;
}

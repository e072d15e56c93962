import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { askAboutColumns } from '../src/gone-columns.ts';

const problems = [
  { urn: 'urn:pulumi:local::p::gcp:bigquery/table:Table::records', message: '', goneColumns: ['telefono'] },
];

async function ask(typed: string | undefined, choice?: 'keep' | 'drop') {
  const said: string[] = [];
  const input = new PassThrough();
  const output = new PassThrough();
  const terminal = typed === undefined ? undefined : { input, output };
  if (typed !== undefined) input.end(typed);
  const { signal } = new AbortController();
  const answer = await askAboutColumns(problems, {
    ...{ choice, terminal, signal },
    say: (line) => said.push(line),
  });
  return { answer, said, shown: String(output.read() ?? '') };
}

describe('a start with a column that infra/ no longer declares', () => {
  it('asks in a terminal, and loses nothing by Enter alone', async () => {
    const { answer, said, shown } = await ask('\n');
    expect(answer).toBe('keep');
    expect(said[0]).toBe('infra/ no longer declares columns that these tables have: records (telefono)');
    expect(shown).toMatch(/keep, drop or stop\? \[keep\] $/);
  });

  it.each([
    ['drop\n', 'drop'],
    ['k\n', 'keep'],
    ['what?\nD\n', 'drop'],
    ['stop\n', undefined],
    ['', undefined],
  ] as const)('takes %j for %s', async (typed, answer) => {
    expect((await ask(typed)).answer).toBe(answer);
  });

  it('keeps the column where nobody can answer, and says how to drop it', async () => {
    const { answer, said } = await ask(undefined);
    expect(answer).toBe('keep');
    expect(said[1]).toBe(
      'They stay, empty in new records. To drop them with their values: pnpm dev --columns drop',
    );
  });

  it('does not ask when the command has said it', async () => {
    expect((await ask(undefined, 'drop')).answer).toBe('drop');
  });
});

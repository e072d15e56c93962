import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Lines, progressView } from '../src/progress.ts';

function watched() {
  let now = 0;
  const written: string[] = [];
  const stream = { write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
  const view = new Lines(stream, { now: () => now, delay: async () => undefined });
  const at = (seconds: number, phase: 'publishing' | 'becoming visible', done: number) => {
    now = seconds * 1_000;
    view.show({ phase, done, total: 1_000_000 });
  };
  return { at, written };
}

describe('progress without a terminal', () => {
  it('is a line every five seconds, with rate and time left', () => {
    const { at, written } = watched();
    for (let tenth = 0; tenth <= 100; tenth += 1) at(tenth / 10, 'publishing', tenth * 2_000);
    expect(written).toEqual([
      'publishing: 100,000 of 1,000,000, 20,000/s, 45 s left\n',
      'publishing: 200,000 of 1,000,000, 20,000/s, 40 s left\n',
    ]);
  });

  it('prints nothing in a short run', () => {
    const { at, written } = watched();
    at(0, 'publishing', 500_000);
    at(1, 'publishing', 1_000_000);
    expect(written).toEqual([]);
  });

  it('measures each phase from its own start', () => {
    const { at, written } = watched();
    at(0, 'publishing', 1_000_000);
    at(100, 'becoming visible', 500_000);
    at(110, 'becoming visible', 600_000);
    expect(written).toEqual(['becoming visible: 600,000 of 1,000,000, 10,000/s, 40 s left\n']);
  });
});

describe('progress on a terminal', () => {
  it('is one bar per phase, which leaves the cursor visible', () => {
    const terminal = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true });
    const view = progressView(terminal);
    view.show({ phase: 'publishing', done: 0, total: 2_000 });
    view.show({ phase: 'publishing', done: 2_000, total: 2_000 });
    view.show({ phase: 'becoming visible', done: 500, total: 2_000 });
    view.end();
    const written = String(terminal.read());
    expect(written).toMatch(/publishing +█+ 100 % {2}2,000 of 2,000/);
    expect(written).toMatch(/becoming visible █+░+ 25 % {2}500 of 2,000/);
    expect(written.lastIndexOf('\u001b[?25h')).toBeGreaterThan(written.lastIndexOf('\u001b[?25l'));
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GeneratedQuery } from './generated-query.ts';

const FOLDER = join(import.meta.dirname, 'questions');

/** Queries that people wrote: each run asks them, and the corpus holds them all. A file has several, each with a semicolon. */
export function writtenQuestions(): GeneratedQuery[] {
  return readdirSync(FOLDER).flatMap((name) => questionsOf(readFileSync(join(FOLDER, name), 'utf8')));
}

function questionsOf(text: string): GeneratedQuery[] {
  const queries = text.split(/;\s*(?:\n|$)/).map((query) => query.replace(/^--.*\n/gm, '').trim());
  return queries
    .filter((query) => query !== '')
    .map((query) => ({
      piece: { parts: [query] },
      ordered: /\bORDER BY\b[^()]*$/i.test(query),
      isWritten: true,
    }));
}

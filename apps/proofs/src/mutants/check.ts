import { join } from 'node:path';
import { applyPatch } from 'diff';
import { ImportGraph } from './import-graph.ts';
import { homeOf, type Mutant, roomOf, testFileOf } from './mutant.ts';
import { readIfThere } from './read-if-there.ts';

/** What keeps a mutant from being tried, found without running a test; undefined when nothing does. */
export function problemOf(mutant: Mutant, root: string): string | undefined {
  const { target, run } = mutant;
  const home = homeOf(mutant);
  if ((roomOf(target) ?? home) !== home)
    return `it changes ${target}, so it belongs in ${roomOf(target)}/mutants`;
  const original = readIfThere(join(root, target));
  if (original === undefined) return `there is no file ${target} to change`;
  const mutated = applyPatch(original, mutant.patch);
  if (mutated === false) return `the patch does not apply to ${target}; renew it`;
  if (mutated === original) return 'the patch changes nothing';
  const test = readIfThere(join(root, testFileOf(mutant)));
  if (test === undefined) return `there is no test file ${testFileOf(mutant)}`;
  if (namesTest(test, run.pattern) || isInImports(mutant, root)) return undefined;
  return `${testFileOf(mutant)} has no test called "${run.pattern}"`;
}

/** Tests of a table may have their names from a file that the test file imports. */
function isInImports(mutant: Mutant, root: string): boolean {
  const imports = new ImportGraph(root).reachableFrom(testFileOf(mutant));
  return [...imports].some((file) => readIfThere(join(root, file))?.includes(literalOf(mutant.run.pattern)));
}

function literalOf(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, '$1');
}

const LITERAL = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g;
/** What Jest or JavaScript fills in: `$name`, `%s`, `${…}`. */
const FILLED = /\$\{[^}]*\}|\$[\w.]+|%[a-zA-Z#]/g;
const ANY = '\0';

/**
 * Whether a pattern can match the full name of a test in a file: within one title, or from the end of a title to the
 * beginning of the next. Where a title is filled in, one word may stand.
 */
export function namesTest(testFile: string, pattern: string): boolean {
  const wanted = literalOf(pattern);
  const titles = [...testFile.matchAll(LITERAL)]
    .map(([, single, double, template]) => single ?? double ?? template ?? '')
    .map((text) => text.replaceAll(FILLED, ANY).replaceAll(/\\(.)/g, '$1'))
    .filter((text) => text !== '');
  const cuts = [...wanted.matchAll(/ /g)].map(({ index }) => index);
  return (
    titles.some((title) => isWithin(wanted, title)) ||
    cuts.some(
      (cut) =>
        titles.some((title) => isEndOf(wanted.slice(0, cut), title)) &&
        titles.some((title) => isAt(wanted.slice(cut + 1), title, 0, false)),
    )
  );
}

function isWithin(wanted: string, title: string): boolean {
  return starts(title).some((start) => isAt(wanted, title, start, false));
}

function isEndOf(wanted: string, title: string): boolean {
  return starts(title).some((start) => isAt(wanted, title, start, true));
}

function starts(title: string): number[] {
  return Array.from(title, (_, index) => index);
}

/** Whether a title from `start` on begins with the wanted text, or is all of it. */
function isAt(wanted: string, title: string, start: number, isWhole: boolean): boolean {
  if (wanted === '') return !isWhole || /^\0*$/.test(title.slice(start));
  if (start === title.length) return false;
  if (title[start] !== ANY)
    return wanted[0] === title[start] && isAt(wanted.slice(1), title, start + 1, isWhole);
  if (isAt(wanted, title, start + 1, isWhole)) return true;
  return wanted[0] !== ' ' && isAt(wanted.slice(1), title, start, isWhole);
}

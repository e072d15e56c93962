import { hash } from 'node:crypto';

/** At most `size` of the mutants: the same ones for a commit, and others for the next, so that in time each is tried. */
export function draw<T extends { readonly name: string }>(
  mutants: readonly T[],
  size: number,
  commit: string,
): T[] {
  return mutants
    .map((mutant) => ({ mutant, rank: hash('sha256', `${commit} ${mutant.name}`) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, size)
    .map(({ mutant }) => mutant);
}

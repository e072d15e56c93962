import { appendFile } from 'node:fs/promises';

/**
 * Prints the verdict on a run, and exits with 1 when it broke a promise. `broken` has a sentence for each. Where standard
 * output has JSON, `print` is console.error.
 */
export function conclude(broken: readonly string[], print: (line: string) => void = console.log): void {
  for (const promise of broken) print(`BAD: ${promise}`);
  if (broken.length === 0) print('GOOD');
  else process.exitCode = 1;
}

/** Prints one row of a table whose rows appear one after the other. The first column is for names. */
export function printRow(name: string, cells: readonly string[]): void {
  console.log(`${name.padEnd(40)}${cells.map((cell) => cell.padStart(14)).join('')}`);
}

/** Appends a text to a file as Markdown, such as the summary of a workflow. */
export async function appendMarkdown(file: string, title: string, text: string): Promise<void> {
  await appendFile(file, `### ${title}\n\n\`\`\`\n${text}\n\`\`\`\n`);
}

/** A whole number with separators: 1,000,000. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A share, from 0 to 1, as a percentage. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

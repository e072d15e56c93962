/** An independent parser of RFC 4180. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let [row, at]: [string[], number] = [[], 0];
  while (at < text.length) {
    const field = /"((?:[^"]|"")*)"|[^",\r\n]*/y;
    field.lastIndex = at;
    const match = field.exec(text);
    if (!match) throw new Error(`no field at ${at}`);
    row.push(match[1] === undefined ? match[0] : match[1].replaceAll('""', '"'));
    at = field.lastIndex;
    if (text[at] === ',') at += 1;
    else if (text.startsWith('\r\n', at)) {
      rows.push(row);
      [row, at] = [[], at + 2];
    } else throw new Error(`neither comma nor CRLF at ${at}`);
  }
  return rows;
}

/** The stored value of a cell, by the rule for apostrophes in the documentation. */
export const stored = (cell: string) => cell.replace(/(?<![\p{L}\p{M}\p{N}'])'/gu, '');

export const COLOURS = {
  page: '#f6f8fa',
  card: '#ffffff',
  border: '#d0d7de',
  grid: '#e6eaef',
  episode: '#eef1f4',
  text: '#1f2328',
  muted: '#59636e',
  limit: '#3d444d',
  others: '#8ea0b2',
  worst: '#d55e00',
} as const;

/** Told apart with any colour vision. https://jfly.uni-koeln.de/color/ */
export const PALETTE = ['#0072b2', '#e69f00', '#d55e00', '#009e73', '#cc79a7', '#56b4e9'] as const;

export const FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";

export function text(
  x: number,
  y: number,
  content: string,
  { size = 12, colour = COLOURS.text as string, weight = 400, anchor = 'start' } = {},
): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

export function rect(x: number, y: number, width: number, height: number, rest: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" ${rest}/>`;
}

export function rule(x1: number, y1: number, x2: number, y2: number, rest: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${rest}/>`;
}

/** Pixels, not less than what it takes: of each letter as a wide font has it, so what fits by this fits in any. */
export function widthOf(content: string, size: number): number {
  const widths = [...content].map((letter) => {
    if (/[ijlftr.,:;/()'| ]/.test(letter)) return 0.38;
    return /[mwMW%]/.test(letter) ? 0.98 : /[A-Z_]/.test(letter) ? 0.72 : 0.63;
  });
  return widths.reduce((sum, width) => sum + width, 0) * size;
}

/** Lines no wider than `width` pixels, broken between words. */
export function wrap(content: string, size: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(`${line} ${word}`, size) <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

import { styleText } from 'node:util';

type Format = 'bold' | 'gray' | 'green' | 'red' | 'white' | 'yellow';

/** Colours a text where the stream is a terminal that shows colours; NO_COLOR and FORCE_COLOR decide otherwise. */
export function colour(format: Format, text: string, stream: NodeJS.WritableStream = process.stderr): string {
  return styleText(format, text, { stream });
}

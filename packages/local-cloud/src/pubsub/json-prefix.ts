/**
 * The first JSON object in a text and nothing after it, or the text itself when there is none. Google's decoder reads
 * one value and never looks at what follows.
 */
function jsonPrefix(text: string): string {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') {
      inString = true;
    } else if (character === '{') {
      depth++;
    } else if (character === '}' && --depth === 0) {
      return text.slice(0, index + 1);
    }
  }
  return text;
}

/** Reads a text by `parse`, and when that fails the first object in it. Throws what `parse` throws. */
export function parsePrefix<T>(text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    const prefix = jsonPrefix(text);
    if (prefix.length === text.length) throw error;
    return parse(prefix);
  }
}

/**
 * The text up to the end of its first JSON object, or the whole text when there is none. Google's decoder reads one value
 * and ignores the rest.
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

/** Parses a text or, when that fails, its prefix up to the end of the first object. Throws the error of `parse`. */
export function parsePrefix<T>(text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    const prefix = jsonPrefix(text);
    if (prefix.length === text.length) throw error;
    return parse(prefix);
  }
}

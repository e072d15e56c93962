/** Far above what Google's messages need. Reading a value uses the stack, once or twice for each level. */
const MAX_DEPTH = 1000;

/** Fails for bytes that are not UTF-8, and keeps a byte order mark, which JSON does not allow. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a JSON body. Throws a TypeError for bytes that are not UTF-8, a RangeError for a body that is nested too deeply. */
export function jsonText(body: Uint8Array): string {
  assertDepth(body);
  return UTF8.decode(body);
}

/** Throws a RangeError for JSON that is nested too deeply. Call it before JSON from outside is parsed. */
export function assertDepth(json: Uint8Array): void {
  if (json.length > MAX_DEPTH && isTooDeep(json))
    throw new RangeError(`the JSON is nested deeper than ${MAX_DEPTH} levels`);
}

const [QUOTE = 0, BACKSLASH = 0, ...BRACKETS] = Buffer.from('"\\[{]}');
const [OPEN_ARRAY = 0, OPEN_OBJECT = 0, CLOSE_ARRAY = 0, CLOSE_OBJECT = 0] = BRACKETS;

function isTooDeep(body: Uint8Array): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (isInText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isInText = false;
    } else if (byte === QUOTE) {
      isInText = true;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth -= 1;
    }
  }
  return false;
}

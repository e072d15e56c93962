/** A generated text of SQL as a tree, so that it can be shrunk. */
export interface Piece {
  readonly parts: readonly (string | Piece)[];
  /** The type of an expression. A part of the same type, or a plain value of it, may stand in its place. */
  readonly type?: string;
  /** The query is whole without it. */
  readonly optional?: boolean;
}

/** `sql\`a ${piece} b\`` */
export function sql(strings: TemplateStringsArray, ...values: readonly (string | Piece)[]): Piece {
  return {
    parts: strings.flatMap((text, index) => [text, ...(values[index] === undefined ? [] : [values[index]])]),
  };
}

export function typed(type: string, piece: Piece | string): Piece {
  return { ...(typeof piece === 'string' ? { parts: [piece] } : piece), type };
}

export function optional(piece: Piece): Piece {
  return { ...piece, optional: true };
}

/** The pieces with a separator. Each but the first can be dropped. */
export function list(pieces: readonly Piece[], separator = ', '): Piece {
  return {
    parts: pieces.map((piece, index) => (index === 0 ? piece : optional({ parts: [separator, piece] }))),
  };
}

export function textOf(piece: Piece): string {
  return piece.parts.map((part) => (typeof part === 'string' ? part : textOf(part))).join('');
}

/** Smaller texts that may still be whole, the smallest steps last. `plain` are values of a type. */
function* smaller(piece: Piece, plain: (type: string) => readonly string[]): Generator<Piece> {
  if (piece.type !== undefined) {
    for (const value of plain(piece.type)) if (value !== textOf(piece)) yield typed(piece.type, value);
    for (const inner of within(piece)) if (inner.type === piece.type) yield inner;
  }
  for (const [index, part] of piece.parts.entries()) {
    if (typeof part === 'string') continue;
    const put = (other: string | Piece): Piece => ({ ...piece, parts: piece.parts.with(index, other) });
    if (part.optional) yield put('');
    for (const candidate of smaller(part, plain))
      yield put({ ...candidate, ...(part.optional && { optional: true }) });
  }
}

/** The pieces below a piece. */
export function* within(piece: Piece): Generator<Piece> {
  for (const part of piece.parts) {
    if (typeof part === 'string') continue;
    yield part;
    yield* within(part);
  }
}

/** The smallest query found by at most `steps` questions for which `holds` stays true. */
export async function shrink(
  piece: Piece,
  plain: (type: string) => readonly string[],
  steps: number,
  holds: (text: string) => Promise<boolean>,
): Promise<Piece> {
  let best = piece;
  const asked = new Set([textOf(piece)]);
  for (let found = true; found; ) {
    found = false;
    for (const candidate of smaller(best, plain)) {
      const text = textOf(candidate);
      if (asked.has(text)) continue;
      if (asked.size > steps) return best;
      asked.add(text);
      if (!(await holds(text))) continue;
      best = candidate;
      found = true;
      break;
    }
  }
  return best;
}

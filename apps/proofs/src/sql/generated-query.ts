import type { FunctionSignature as Signature } from '@records/local-cloud';
import type { Piece } from './piece.ts';

export interface GeneratedQuery {
  readonly piece: Piece;
  /** For the local BigQuery, in place of `piece`: statements. The last one reads the rows that `piece` gives. */
  readonly script?: Piece;
  /** Whether the query determines the order of its rows. */
  readonly ordered: boolean;
  /** The signature that it is about. */
  readonly signature?: Signature;
  /** Whether a person wrote it; the corpus holds it. */
  readonly isWritten?: boolean;
  /** The same question about a part of its one expression. */
  alone?(part: Piece): Piece;
  /** The queries in FROM and WITH, and the query without HAVING and LIMIT. */
  readonly inner?: readonly Piece[];
}

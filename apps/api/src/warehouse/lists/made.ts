export type ListKind = 'base' | 'delta';

/** Called when this instance has made something. */
export type OnMade = (made: {
  readonly kind: ListKind;
  readonly bytesBilled: number;
  readonly periodMs: number;
}) => void;

// Types only: the page imports them, too.

type Relation = 'first' | 'prev' | 'next' | 'last';

/** A page of the API's list. */
export interface RecordsPage {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Records of the list that match the filters. */
  readonly total: number;
  /** Index of the first shown record among these, from 0. */
  readonly offset: number;
  /** When the list was taken: milliseconds since the epoch. */
  readonly takenAt: number;
  /** Paths of other pages, from the `Link` header. */
  readonly links: Readonly<Partial<Record<Relation, string>>>;
  /** The address that answered it. */
  readonly url: string;
}

export interface CountryCount {
  readonly pais: string;
  /** Records of this country in the whole list. */
  readonly records: number;
}

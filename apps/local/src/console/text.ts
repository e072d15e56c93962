/** A text for a person, in both languages of the console. */
export interface Text {
  readonly en: string;
  readonly es: string;
}

/** A call that the console refuses, with what to do. The page shows the text in its language. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly text: Text;

  constructor(text: Text, options?: ErrorOptions) {
    super(text.en, options);
    this.text = text;
  }
}

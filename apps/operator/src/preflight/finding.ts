/** `unknown`: not asked, or not answered. `note`: nothing to do before going on. */
export type Outcome = 'ready' | 'missing' | 'note' | 'unknown';

export interface Finding {
  readonly name: string;
  readonly outcome: Outcome;
  readonly detail: string;
  /** A command, or a page where there is no command. */
  readonly fix?: string;
}

export const ready = (name: string, detail: string): Finding => ({ name, outcome: 'ready', detail });
export const note = (name: string, detail: string, fix?: string): Finding =>
  finding('note', name, detail, fix);
export const missing = (name: string, detail: string, fix: string): Finding =>
  finding('missing', name, detail, fix);
export const unknown = (name: string, detail: string, fix?: string): Finding =>
  finding('unknown', name, detail, fix);

function finding(outcome: Outcome, name: string, detail: string, fix: string | undefined): Finding {
  return { name, outcome, detail, ...(fix !== undefined && { fix }) };
}

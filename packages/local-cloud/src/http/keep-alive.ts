/**
 * How long an idle connection to a server of the local cloud stays open. After Node's 5 s, a client that pauses as long sends its
 * next call into the close. Milliseconds.
 */
export const KEEP_ALIVE_MS = 120_000;

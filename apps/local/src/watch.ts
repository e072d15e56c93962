import { type FSWatcher, watch } from 'node:fs';

/** Editors save in several steps; what changes within this time is one save. */
const QUIET_MS = 80;

/** What to do when a file under one of the folders changes. */
export interface Watched {
  readonly folders: readonly { readonly path: string; readonly recursive: boolean }[];
  /** Paths that matter, relative to their folder. */
  readonly matches: RegExp;
  onChange(): Promise<void>;
}

/**
 * Calls `onChange` after each save; saves that arrive while one is being handled are handled together, afterwards.
 * Returns a function that stops watching. `onError` hears of what `onChange` throws.
 */
export function watchFolders(watched: Watched, onError: (error: unknown) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;

  const run = async (): Promise<void> => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      do {
        again = false;
        await watched.onChange();
      } while (again);
    } catch (error) {
      onError(error);
    } finally {
      running = false;
    }
  };

  const watchers: FSWatcher[] = watched.folders.map(({ path: folder, recursive }) =>
    watch(folder, { recursive }, (_event, path) => {
      if (path === null || !watched.matches.test(path)) return;
      clearTimeout(timer);
      timer = setTimeout(run, QUIET_MS);
    }),
  );
  for (const watcher of watchers) watcher.on('error', onError);

  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

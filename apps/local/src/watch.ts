import { watch } from 'chokidar';

/** Editors save in several steps; what changes within this time is one save. */
const QUIET_MS = 80;

/** What to do when a file changes. */
export interface Watched {
  /** Files and folders, which are watched with all that is below them. */
  readonly paths: readonly string[];
  /** Names of the files that matter. */
  readonly matches: RegExp;
  onChange(): Promise<void>;
}

/**
 * Calls `onChange` after each save; saves that arrive while one is being handled are handled together, afterwards.
 * Resolves when changes are seen, with a function that stops watching. `onError` hears of what `onChange` throws.
 */
export async function watchFiles(
  { paths, matches, onChange }: Watched,
  onError: (error: unknown) => void,
): Promise<() => Promise<void>> {
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
        await onChange();
      } while (again);
    } catch (error) {
      onError(error);
    } finally {
      running = false;
    }
    if (again) await run();
  };

  // Not Node's own recursive watch: on Linux it loses a file that was once replaced by a rename.
  const watcher = watch([...paths], { ignoreInitial: true, ignored: /node_modules/ });
  watcher.on('error', onError);
  watcher.on('all', (_event, path) => {
    if (!matches.test(path)) return;
    clearTimeout(timer);
    timer = setTimeout(run, QUIET_MS);
  });
  await new Promise<void>((resolve) => watcher.once('ready', resolve));

  return async () => {
    clearTimeout(timer);
    await watcher.close();
  };
}

import { watch } from 'chokidar';

/** Editors save in several steps: changes within this time count as one save. */
const QUIET_MS = 80;

/** Which files to watch, and what to do when one changes. */
export interface Watched {
  /** Files, and folders with everything below them. */
  readonly paths: readonly string[];
  /** Matches the paths of the files that count. */
  readonly matches: RegExp;
  onChange(): Promise<void>;
}

/**
 * Calls `onChange` after each save. Saves during a call cause one more call after it. Resolves once it watches, with a
 * function that stops watching. `onError` receives the errors of `onChange`.
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

  // Node's own recursive watch loses a file on Linux once a rename has replaced it.
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

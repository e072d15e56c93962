import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { UserError } from '@records/cli';
import type { Activity } from '../activity.ts';
import type { LocalStack } from '../local-stack.ts';
import { ConsoleServer } from './server.ts';
import { viewOf } from './stack-view.ts';

/** Ports that are tried after a default port that is taken. */
const TRIED_PORTS = 20;

export interface ConsolePort {
  readonly port: number;
  /** Whether the person chose it: then no other is taken. */
  readonly isChosen: boolean;
}

export interface OpenConsole extends AsyncDisposable {
  readonly url: string;
  /** Opens the page whenever `o` and Enter are typed, in a terminal only. Returns a function that stops reading. */
  openOnKey(note: (text: string) => void): () => void;
}

/** Serves the console of a stack. Throws UserError when the port is taken. */
export async function openConsole(
  stack: LocalStack,
  activity: Activity,
  { port, isChosen }: ConsolePort,
  onError: (error: unknown) => void,
): Promise<OpenConsole> {
  const view = viewOf(stack, activity);
  for (let tried = port; ; tried += 1) {
    try {
      const server = await ConsoleServer.listen({ view, port: tried, onError });
      return {
        url: server.url,
        openOnKey: (note) => openOnKey(server.url, note),
        [Symbol.asyncDispose]: () => server.close(),
      };
    } catch (error) {
      if (!isTaken(error)) throw error;
      if (!isChosen && tried < port + TRIED_PORTS) continue;
      throw new UserError(`port ${tried} is taken`, {
        hint: 'stop the process that listens on it, or choose a free port: CONSOLE_PORT=0 pnpm dev',
        cause: error,
      });
    }
  }
}

function isTaken(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';
}

/** Whole lines, not single keys: the terminal keeps its own keys, such as Ctrl-C and Ctrl-Z. */
function openOnKey(url: string, note: (text: string) => void): () => void {
  if (!process.stdin.isTTY) return () => undefined;
  let stop: () => void = () => undefined;
  let stopped = false;
  void isInForeground().then((is) => {
    if (!is || stopped) return;
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => {
      if (line.trim().toLowerCase() !== 'o') return;
      note(`Opening ${url}`);
      openInBrowser(url, note);
    });
    stop = () => lines.close();
  });
  return () => {
    stopped = true;
    stop();
  };
}

/** A job in the background that reads from the terminal is stopped by it. */
async function isInForeground(): Promise<boolean> {
  if (process.platform === 'win32') return true;
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)]);
    const [group, foreground] = stdout.trim().split(/\s+/);
    return group === foreground;
  } catch {
    return false; // Without ps nobody can tell: the address stays in the banner.
  }
}

/** Says so when no browser can be opened. */
export function openInBrowser(url: string, note: (text: string) => void, env = process.env): void {
  const openers = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] } as const;
  const [command = '', ...args] =
    process.platform in openers ? openers[process.platform as keyof typeof openers] : ['xdg-open'];
  const failed = () => note(`No browser could be opened. Open ${url} yourself.`);
  const opener = spawn(command, [...args, url], { stdio: 'ignore', detached: true, env });
  opener.on('error', failed);
  // On a server, xdg-open is there and finds no browser.
  opener.on('exit', (code) => code !== 0 && failed());
  opener.unref();
}

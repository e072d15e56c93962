import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** The answer of a program; `absent` when it is not installed. */
export type Answer =
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'silent'; readonly text: string }
  | { readonly kind: 'absent'; readonly text: string };

/** Asks a program on the PATH. Never throws. */
export type Ask = (program: string, args: readonly string[]) => Promise<Answer>;

/** Longest time for one question. gcloud starts in two seconds. */
const QUESTION_MS = 20_000;

/** gcloud must neither ask nor enable anything: this command only reads. */
const READ_ONLY = {
  CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
  CLOUDSDK_CORE_SHOULD_PROMPT_TO_ENABLE_API: 'false',
  GH_PROMPT_DISABLED: '1',
};

export function askOn(environment: NodeJS.ProcessEnv, ms = QUESTION_MS): Ask {
  return async (program, args) => {
    const child = spawn(program, args, {
      env: { ...environment, ...READ_ONLY },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    // Not the option "timeout" of spawn: its timer stays behind when there is no such program.
    let timer: NodeJS.Timeout | undefined;
    const end = await new Promise<number | 'absent' | 'silent'>((resolve) => {
      timer = setTimeout(() => resolve('silent'), ms);
      child.once('error', () => resolve('absent'));
      child.once('close', (code) => resolve(code ?? 'silent'));
    });
    clearTimeout(timer);
    if (end === 'silent') {
      child.kill('SIGKILL');
      // A child of the program could keep its pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
    }
    if (end === 'absent') return { kind: 'absent', text: `${program} is not installed` };
    const [stdout = '', stderr = ''] = await output.catch(() => []);
    if (end !== 'silent') return answerOf(end, stdout, stderr);
    return { kind: 'silent', text: `${program} did not answer within ${ms / 1_000} s` };
  };
}

/** The answer of a program that ended by itself. */
export function answerOf(exitCode: number, stdout: string, stderr: string): Answer {
  if (exitCode === 0) return { kind: 'said', text: stdout.trim() };
  return { kind: 'refused', text: reasonIn(stderr.trim() || stdout.trim()) };
}

/** The line that says why. gcloud begins it with ERROR, gh with its own name. */
function reasonIn(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const line =
    lines.find((one) => /^(ERROR|error|gh):/.test(one)) ?? lines.find(Boolean) ?? 'no reason given';
  return line.replace(/^ERROR: (\([\w.-]+\) )?/, '');
}

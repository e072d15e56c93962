import { createHash } from 'node:crypto';
import { Html, html } from '../pages/html.ts';
import { TRY_SCRIPT } from './try-script.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: light-dark(#0b57d0, #a8c7fa); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 6rem; max-width: 54rem; font: 1rem/1.6 system-ui, sans-serif; }
h1 { margin: 0; } h2 { margin: 3rem 0 0; } h3 { margin: 1.5rem 0 .25rem; font-size: 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: .75rem 0; border-bottom: 1px solid var(--line); }
a { color: var(--link); }
code, pre { font: .875rem/1.5 ui-monospace, monospace; } code { background: var(--soft); padding: .1em .3em; border-radius: .25em; }
pre { overflow-x: auto; padding: .75rem 1rem; background: var(--soft); border: 1px solid var(--line); border-radius: .5rem; }
pre code { background: none; padding: 0; }
table { width: 100%; border-collapse: collapse; } th, td { padding: .4rem .75rem .4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; }
form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: .75rem 0; } label { display: grid; font-size: .875rem; }
input, select, button { font: inherit; padding: .3rem .6rem; border: 1px solid var(--line); border-radius: .35rem; background: Canvas; color: CanvasText; } input { width: 9rem; } [hidden] { display: none; }
.answer { max-height: 24rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.method { font-weight: 700; } .muted { opacity: .7; } .scroll { overflow-x: auto; }
:target { outline: 2px solid var(--link); outline-offset: .5rem; border-radius: .25rem; }
`;

const digest = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Allows this page's own style and script, and calls and forms to this host only. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${digest(STYLE)}`,
  `script-src ${digest(TRY_SCRIPT)}`,
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** Put it at the end of the page, after the forms that it enables. */
export const tryScript = html`<script>${new Html(TRY_SCRIPT)}</script>`;

export function layout(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

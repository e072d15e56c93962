import { createHash } from 'node:crypto';
import { Html, html } from './html.ts';
import type { Language } from './language.ts';

/** Shared by all pages. */
const BASE_STYLE = `
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 6rem; max-width: 54rem; font: 1rem/1.6 system-ui, sans-serif; }
a { color: var(--link); }
code, pre { font: .875rem/1.5 ui-monospace, monospace; } code { background: var(--soft); padding: .1em .3em; border-radius: .25em; }
pre { overflow-x: auto; padding: .75rem 1rem; background: var(--soft); border: 1px solid var(--line); border-radius: .5rem; }
pre code { background: none; padding: 0; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: .75rem 0; }
table { width: 100%; border-collapse: collapse; } th, td { padding: .4rem .75rem .4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: .75rem 0; } label { display: grid; font-size: .875rem; }
input, select, button { font: inherit; padding: .3rem .6rem; border: 1px solid #888; border-radius: .35rem; background: Canvas; color: CanvasText; }
.scroll { overflow-x: auto; }
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: light-dark(#0b57d0, #a8c7fa); background: Canvas; color: CanvasText; }
:target { outline: 2px solid var(--link); outline-offset: .5rem; border-radius: .25rem; }
`;

const STYLE = `
h1 { margin: 0; line-height: 1.2; } h2 { margin: 2.5rem 0 0; font-size: 1.25rem; }
header nav { border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
label { flex: 1 1 9rem; } input { width: 100%; }
ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none; }
.total { font-size: 1.25rem; } .total strong { font-size: 2rem; }
.id { font: .8125rem/1.5 ui-monospace, monospace; }
`;

export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly language: Language;
  /** Beside the style that all pages share. */
  readonly style: string;
}

/** The source of a page's style or script, for its Content-Security-Policy. */
export function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

export function styleSourceOf(style: string): string {
  return sourceOf(BASE_STYLE + style);
}

export function documentOfPage({ title, body, language, style }: Page): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(BASE_STYLE + style)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

/** Of a page that needs no script: allow its style, its empty icon and forms to this host, and nothing else. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src ${styleSourceOf(STYLE)}`,
    'img-src data:',
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  // Records are people.
  'x-robots-tag': 'noindex, nofollow',
};

/** A page without a script. Send it with PAGE_HEADERS. */
export function layout(title: string, body: Html, language: Language = 'en'): string {
  return documentOfPage({ title, body, language, style: STYLE });
}

import { Html, html } from '../pages/html.ts';
import type { Language } from '../pages/language.ts';
import { documentOfPage, sourceOf, styleSourceOf } from '../pages/layout.ts';
import { TRY_SCRIPT } from './try-script.ts';

const STYLE = `
h1 { margin: 0; } h2 { margin: 3rem 0 0; } h3 { margin: 1.5rem 0 .25rem; font-size: 1rem; }
nav { border-bottom: 1px solid var(--line); }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; }
input { width: 9rem; } [hidden] { display: none; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; } .answer { max-height: 24rem; overflow-y: auto; }
.method { font-weight: 700; }
`;

/** Allows this page's own style, script and empty icon, and calls and forms to this host only. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${styleSourceOf(STYLE)}`,
  `script-src ${sourceOf(TRY_SCRIPT)}`,
  'img-src data:',
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** Put it at the end of the page, after the forms that it enables. */
export const tryScript = html`<script>${new Html(TRY_SCRIPT)}</script>`;

export function layout(title: string, language: Language, body: Html): string {
  return documentOfPage({ title, body, language, style: STYLE });
}

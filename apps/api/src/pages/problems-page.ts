import { PROBLEMS, type ProblemKind } from '../problems/catalogue.ts';
import { html, prose } from './html.ts';
import { layout } from './layout.ts';

/** The page that the `type` of a problem links to. */
export function problemsPage(): string {
  const kinds: [string, ProblemKind][] = Object.entries(PROBLEMS);
  return layout(
    'Problems',
    html`<header><h1>Problems</h1>
<p>Every error is a problem document (RFC 9457). Its <code>type</code> names one of the kinds below, <code>detail</code> says what is wrong with the request, and <code>instance</code> holds the id that is also in <code>X-Request-Id</code> and in the log. Two kinds are not logged: <code>overloaded</code>, and bytes that are not an HTTP request.</p></header>
<nav><a href="docs">Documentation</a> <a href="openapi.json">openapi.json</a></nav>
<main>${kinds.map(
      ([name, { status, title, description }]) =>
        html`<section><h2 id="${name}">${title}</h2><p><code>${status} ${name}</code></p><p>${prose(description)}</p></section>\n`,
    )}</main>`,
  );
}

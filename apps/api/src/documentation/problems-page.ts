import { PROBLEMS, type ProblemKind } from '../problems/catalogue.ts';
import { html, prose } from './html.ts';
import { layout } from './layout.ts';

/** What the `type` of a problem leads to. */
export function problemsPage(): string {
  const kinds: [string, ProblemKind][] = Object.entries(PROBLEMS);
  return layout(
    'Problems',
    html`<header><h1>Problems</h1>
<p>Whatever goes wrong, the answer is a problem (RFC 9457): <code>type</code> names one of the kinds below, <code>detail</code> says what is wrong with this request, <code>instance</code> names this one: its id is also in <code>X-Request-Id</code>, and in the logs but for <code>overloaded</code> and what could not be read as a request.</p></header>
<nav><a href="docs">Documentation</a> <a href="openapi.json">openapi.json</a></nav>
<main>${kinds.map(
      ([name, { status, title, description }]) =>
        html`<section><h2 id="${name}">${title}</h2><p><code>${status} ${name}</code></p><p>${prose(description)}</p></section>\n`,
    )}</main>`,
  );
}

import { createHash } from 'node:crypto';
import type { Asset } from './static-files.ts';

export type Language = 'en' | 'es';

const TEXTS = {
  en: { title: 'Console', script: 'The console needs JavaScript. /api/state has the same numbers.' },
  es: { title: 'Consola', script: 'La consola necesita JavaScript. /api/state tiene los mismos números.' },
} as const;

/** Leads the modules of the page to lit-html. */
const IMPORTS = JSON.stringify({
  imports: { 'lit-html': '/lit-html/lit-html.js', 'lit-html/': '/lit-html/' },
});

const HASH = createHash('sha256').update(IMPORTS).digest('base64');

/** The language that the address names, or else the one that the browser prefers of the two. */
export function languageOf(asked: string | null, accepted = ''): Language {
  const known = (text: string | undefined): Language | undefined =>
    text === 'es' || text === 'en' ? text : undefined;
  const preferred = accepted
    .split(',')
    .map((range) => {
      const [tag = '', quality = 'q=1'] = range.trim().split(/\s*;\s*/);
      return { language: known(tag.slice(0, 2).toLowerCase()), quality: Number(quality.slice(2)) };
    })
    .filter(({ language, quality }) => language !== undefined && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return known(asked ?? undefined) ?? preferred[0]?.language ?? 'en';
}

/** The document of every view: the scripts draw what its address names. */
export function shellPage(language: Language): Asset & { readonly policy: string } {
  const { title, script } = TEXTS[language];
  return {
    policy: [
      "default-src 'none'",
      `script-src 'self' 'sha256-${HASH}'`,
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    type: 'text/html; charset=utf-8',
    body: `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/page/icon.svg">
<link rel="stylesheet" href="/page/style.css">
<script src="/page/theme.ts"></script>
<script type="importmap">${IMPORTS}</script>
<script type="module" src="/page/main.ts"></script>
</head>
<body>
<noscript>${script}</noscript>
<div id="page"></div>
</body>
</html>
`,
  };
}

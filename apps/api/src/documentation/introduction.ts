import { type Html, html, prose } from '../pages/html.ts';
import type { Language } from '../pages/language.ts';

/** The first screen of the documentation. The rest of it is the contract, in English. */
const TEXTS = {
  es: {
    address: 'Dirección',
    example: 'Pruébela en una terminal',
    about:
      'Registros de personas: un nombre y un país cada uno. Todo se lee con GET, sin cuerpo. Cada error es un documento (RFC 9457), y `/problems` los explica. La referencia que sigue está en inglés.',
    keys: 'No hace falta una clave. Sin ella, cada dirección puede enviar las solicitudes por minuto que indica `RateLimit-Policy`. Pida una al operador para tener un límite propio, y envíela en `X-API-Key`.',
    key: 'Clave de la API, si tiene una',
    other: { language: 'en', name: 'English' },
  },
  en: {
    address: 'Address',
    example: 'Try it in a terminal',
    about: undefined,
    keys: 'You need no key. Ask the operator for one to get a limit of your own, and send it in `X-API-Key`.',
    key: 'API key, if you have one',
    other: { language: 'es', name: 'Español' },
  },
} as const;

/**
 * The beginning of the page. The script writes the address that the reader uses, which only the browser knows behind a proxy.
 * `description`: that of the contract.
 */
export function introduction(title: string, version: string, description: string, language: Language): Html {
  const { address, example, about, keys, other } = TEXTS[language];
  const path = html`<span data-address>https://HOST</span>`;
  return html`<header><h1>${title}</h1><p>${version} · <a href="docs?lang=${other.language}" hreflang="${other.language}" lang="${other.language}">${other.name}</a></p>
<p data-script hidden>${address}: <code>${path}</code></p>
<p>${example}:</p>
<pre><code>curl '${path}/records?limit=3'</code></pre>
<p>${prose(keys)}</p>
<p>${prose(about ?? description)}</p></header>`;
}

export function keyField(language: Language): Html {
  return html`<p data-script hidden lang="${language}"><label>${TEXTS[language].key}<input id="api-key" type="password" autocomplete="off"></label></p>`;
}

import { html, nothing, render } from 'lit-html';
import { Live } from './live.ts';
import { History, pipeline } from './pipeline.ts';
import { language, t } from './text.ts';
import type { View, ViewEntry } from './view.ts';
import { VIEWS } from './views.ts';

const root = document.getElementById('page') as HTMLElement;
const history = new History();
const live = new Live({
  state(state) {
    history.add(state);
    redraw();
  },
  view(value) {
    view?.receive?.(value as never);
    redraw();
  },
  connected(is) {
    connected = is;
    redraw();
  },
});

let entry: ViewEntry = VIEWS[0];
let view: View | undefined;
let connected = true;
let drawing = false;

function redraw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    render(page(), root);
  });
}

function page() {
  const other = language === 'es' ? 'en' : 'es';
  return html`
    <header>
      <p class="brand">records-platform</p>
      <nav aria-label=${t({ en: 'Views', es: 'Vistas' })}>
        ${VIEWS.map(
          ({ name, title }) =>
            html`<a href=${address(name)} aria-current=${name === entry.name ? 'page' : nothing}>${t(title)}</a>`,
        )}
      </nav>
      <p class="settings">
        <a href=${address(entry.name, other, shownQuery())} lang=${other} hreflang=${other}>${other === 'es' ? 'Español' : 'English'}</a>
        <button type="button" @click=${switchTheme}>${t({ en: 'Light or dark', es: 'Claro u oscuro' })}</button>
      </p>
    </header>
    <main>
      ${
        connected
          ? nothing
          : html`<p class="trouble" role="alert">${t({ en: 'pnpm dev does not answer. Start it again: this page then goes on by itself.', es: 'pnpm dev no responde. Vuelva a iniciarlo: esta página sigue sola.' })}</p>`
      }
      ${pipeline(history, address)}
      <h1 tabindex="-1">${t(entry.title)}</h1>
      ${view?.render() ?? html`<p>${t({ en: 'Loading…', es: 'Cargando…' })}</p>`}
    </main>
    ${language === 'es' ? html`<footer><p>Los textos de Google, de la API y de los programas aparecen como ellos los escriben: en inglés.</p></footer>` : nothing}
  `;
}

/** Keeps the language that the address names. */
function address(
  name: string,
  lang = new URLSearchParams(location.search).get('lang'),
  query = new URLSearchParams(),
): string {
  if (lang !== null) query.set('lang', lang);
  return query.size === 0 ? `/${name}` : `/${name}?${query}`;
}

function shownQuery(): URLSearchParams {
  const query = new URLSearchParams(location.search);
  query.delete('lang');
  return query;
}

function remember(query: URLSearchParams): void {
  window.history.replaceState(null, '', address(entry.name, undefined, new URLSearchParams(query)));
  redraw();
}

function switchTheme(): void {
  const { dataset } = document.documentElement;
  const isDark = dataset.theme
    ? dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  dataset.theme = isDark ? 'light' : 'dark';
  localStorage.setItem('theme', dataset.theme);
}

async function show(focuses: boolean): Promise<void> {
  const name = location.pathname.slice(1);
  const wanted = VIEWS.find((one) => one.name === name) ?? VIEWS[0];
  entry = wanted;
  view = undefined;
  document.title = `${t(wanted.title)} – records-platform`;
  redraw();
  const module = await wanted.load();
  // The person went on while it loaded.
  if (entry !== wanted) return;
  view = module.open({ redraw, state: () => history.last, query: shownQuery, remember });
  live.show(wanted.name);
  redraw();
  if (focuses) requestAnimationFrame(() => root.querySelector('h1')?.focus());
}

document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('nav a, .troubles a') : null;
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  window.history.pushState(null, '', link.getAttribute('href'));
  void show(true);
});
window.addEventListener('popstate', () => void show(true));
void show(false).then(() => Promise.all(VIEWS.map(({ load }) => load())));

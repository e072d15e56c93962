import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type {
  Identity,
  Infrastructure,
  ShownApply,
  ShownGrant,
  ShownResource,
} from '../../infrastructure-state.ts';
import type { Text } from '../../text.ts';
import { call } from '../call.ts';
import { counted, number, t, time } from '../text.ts';
import type { Page, View } from '../view.ts';
import { Work } from '../work.ts';

/** Pulumi's operations. */
const OPERATIONS: Readonly<Record<string, Text>> = {
  create: { en: 'create', es: 'crear' },
  update: { en: 'update', es: 'actualizar' },
  replace: { en: 'replace', es: 'reemplazar' },
  delete: { en: 'delete', es: 'eliminar' },
};

export function open({ redraw }: Page): View {
  let shown: Infrastructure | undefined;
  let filter = '';
  const setFilter = (text: string) => {
    filter = text.trim().toLowerCase();
    redraw();
  };
  const work = new Work(redraw);
  const change = (grant: ShownGrant) =>
    work.do(() => call('POST', `infrastructure/${grant.isTaken ? 'give' : 'take'}`, { key: grant.key }));

  return {
    receive(value: Infrastructure) {
      shown = value;
    },
    render: () => html`
      ${work.problem()}
      ${shown === undefined ? html`<p>${t({ en: 'Loading…', es: 'Cargando…' })}</p>` : html`${drawn(shown, change)}${drawnTree(shown.resources, filter, setFilter)}`}
    `,
  };
}

function drawn({ applies, identities }: Infrastructure, change: (grant: ShownGrant) => void) {
  return html`
    <h2>${t({ en: 'Applied since pnpm dev started', es: 'Aplicado desde que pnpm dev inició' })}</h2>
    <ol class="applies" reversed>${applies.map(drawnApply)}</ol>
    <h2>${t({ en: 'Who may do what', es: 'Quién puede hacer qué' })}</h2>
    <p>${t({
      en: 'Take a grant away and see what stops working. It comes back when you give it back, or with the next apply.',
      es: 'Quite un permiso y vea qué deja de funcionar. Vuelve cuando lo devuelve, o al aplicar de nuevo.',
    })}</p>
    ${identities.map((identity) => drawnIdentity(identity, change))}
  `;
}

/** Closed below the first level, or everything that matches the filter. */
function drawnTree(resources: readonly ShownResource[], filter: string, setFilter: (text: string) => void) {
  const found = resources.flatMap((resource) => matching(resource, filter));
  return html`
    <h2>${t({ en: 'Resources of the program', es: 'Recursos del programa' })} (${number(countOf(found))})</h2>
    <label class="filter">${t({ en: 'Show only', es: 'Mostrar solo' })}
      <input type="search" @input=${({ target }: InputEvent) => setFilter((target as HTMLInputElement).value)}>
    </label>
    <ul class="tree">${repeat(
      found,
      ({ urn }) => urn,
      (resource) => drawnResource(resource, 0, filter !== ''),
    )}</ul>
  `;
}

/** The resource with those below it whose type, name, id or missing effect has the text; nothing when none has. */
function matching(resource: ShownResource, filter: string): ShownResource[] {
  const { type, name, id = '', notEmulated, children } = resource;
  if (`${type} ${name} ${id} ${notEmulated.flat().join(' ')}`.toLowerCase().includes(filter))
    return [resource];
  const below = children.flatMap((child) => matching(child, filter));
  return below.length === 0 ? [] : [{ ...resource, children: below }];
}

function drawnApply({ at, milliseconds, error, steps }: ShownApply) {
  const summary = html`<time>${time(at)}</time> ${counted(steps.length, { en: 'change', es: 'cambio' }, { en: 'changes', es: 'cambios' })}, ${number(milliseconds)} ms
    ${error === undefined ? nothing : html`<b>${t({ en: 'failed', es: 'falló' })}</b>`}`;
  if (steps.length === 0 && error === undefined) return html`<li>${summary}</li>`;
  return html`<li class=${error === undefined ? '' : 'bad'}><details>
    <summary>${summary}</summary>
    ${error === undefined ? nothing : html`<pre tabindex="0" lang="en">${error}</pre>`}
    <ul>${steps.map(
      ({ operation, type, name, changes }) => html`
        <li>${t(OPERATIONS[operation] ?? { en: operation, es: operation })} <code>${type}</code> ${name}
          <ul class="changes">${changes.map(
            ({ path, old, new: next }) =>
              html`<li><code>${path}</code>: <del>${old ?? '–'}</del> → <ins>${next ?? '–'}</ins></li>`,
          )}</ul>
        </li>`,
    )}</ul>
  </details></li>`;
}

function drawnIdentity({ member, grants }: Identity, change: (grant: ShownGrant) => void) {
  const unused = grants.filter(({ used, isTaken }) => used.length === 0 && !isTaken).length;
  const taken = grants.filter(({ isTaken }) => isTaken).length;
  const facts = [
    counted(grants.length, { en: 'grant', es: 'permiso' }, { en: 'grants', es: 'permisos' }),
    ...(unused > 0 ? [`${number(unused)} ${t({ en: 'unused', es: 'sin uso' })}`] : []),
    ...(taken > 0 ? [`${number(taken)} ${t({ en: 'taken away', es: 'quitados' })}`] : []),
  ];
  return html`<details class="box identity">
    <summary><b>${member.replace(/^\w+:/, '').replace(/\.iam\.gserviceaccount\.com$/, '')}</b> ${facts.join(' · ')}</summary>
    <ul>${grants.map((grant) => drawnGrant(grant, change))}</ul>
  </details>`;
}

function drawnGrant(grant: ShownGrant, change: (grant: ShownGrant) => void) {
  const { role, resource, declaredBy, used, isTaken } = grant;
  const use = isTaken
    ? t({ en: 'taken away', es: 'quitado' })
    : used.length === 0
      ? t({ en: 'not used since pnpm dev started', es: 'sin uso desde que pnpm dev inició' })
      : `${t({ en: 'used for', es: 'usado para' })} ${used.join(', ')}`;
  const action = isTaken ? t({ en: 'Give back', es: 'Devolver' }) : t({ en: 'Take away', es: 'Quitar' });
  return html`<li class="grant">
    <button type="button" aria-label="${action} ${role} ${resource}" @click=${() => change(grant)}>${action}</button>
    <span><code>${role}</code> ${t({ en: 'on', es: 'en' })} <code>${resource}</code>
      <span class="detail">${use}${declaredBy === undefined ? '' : ` · ${t({ en: 'declared by', es: 'declarado por' })} ${declaredBy}`}</span></span>
  </li>`;
}

function drawnResource(resource: ShownResource, depth: number, isFiltered: boolean): TemplateResult {
  const { type, name, id, children } = resource;
  const line = html`<code>${type}</code> <b>${name}</b> <span class="detail">${id ?? ''}</span>`;
  if (children.length === 0) return html`<li>${line}${drawnReasons(resource)}</li>`;
  return html`<li><details ?open=${depth === 0 || isFiltered}>
    <summary>${line} <span class="count">${number(countOf(children))}</span></summary>
    ${drawnReasons(resource)}
    <ul>${repeat(
      children,
      ({ urn }) => urn,
      (child) => drawnResource(child, depth + 1, isFiltered),
    )}</ul>
  </details></li>`;
}

/** What has no effect on this machine, and why. */
function drawnReasons({ notEmulated }: ShownResource) {
  if (notEmulated.length === 0) return nothing;
  const [[path, reason] = ['', '']] = notEmulated;
  if (path === '')
    return html`<p class="reasons">${t({ en: 'not emulated', es: 'no se emula' })}: <span lang="en">${reason}</span></p>`;
  return html`<details class="reasons">
    <summary>${number(notEmulated.length)} ${t({ en: 'without effect here', es: 'sin efecto aquí' })}</summary>
    <ul>${notEmulated.map(([path, reason]) => html`<li><code>${path}</code>: <span lang="en">${reason}</span></li>`)}</ul>
  </details>`;
}

function countOf(resources: readonly ShownResource[]): number {
  return resources.reduce((sum, { children }) => sum + 1 + countOf(children), 0);
}

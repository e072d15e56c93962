import { html, nothing, type TemplateResult } from 'lit-html';
import type {
  Identity,
  Infrastructure,
  ShownApply,
  ShownGrant,
  ShownResource,
} from '../../infrastructure-state.ts';
import { call } from '../call.ts';
import { number, t, time } from '../text.ts';
import type { Page, View } from '../view.ts';
import { Work } from '../work.ts';

export function open({ redraw }: Page): View {
  let shown: Infrastructure | undefined;
  const work = new Work(redraw);
  const change = (grant: ShownGrant) =>
    work.do(() => call('POST', `infrastructure/${grant.isTaken ? 'give' : 'take'}`, { key: grant.key }));

  return {
    receive(value: Infrastructure) {
      shown = value;
    },
    render: () => html`
      ${work.problem()}
      ${shown === undefined ? html`<p>${t({ en: 'Loading…', es: 'Cargando…' })}</p>` : drawn(shown, change)}
    `,
  };
}

function drawn({ resources, applies, identities }: Infrastructure, change: (grant: ShownGrant) => void) {
  return html`
    <h2>${t({ en: 'Applied since pnpm dev started', es: 'Aplicado desde que pnpm dev inició' })}</h2>
    <ol class="applies" reversed>${applies.map(drawnApply)}</ol>
    <h2>${t({ en: 'Who may do what', es: 'Quién puede hacer qué' })}</h2>
    <p>${t({
      en: 'Take a grant away and see what stops working. It comes back when you give it back, or with the next apply.',
      es: 'Quite un permiso y vea qué deja de funcionar. Vuelve cuando lo devuelve, o al aplicar de nuevo.',
    })}</p>
    ${identities.map((identity) => drawnIdentity(identity, change))}
    <h2>${t({ en: 'Resources of the program', es: 'Recursos del programa' })} (${number(countOf(resources))})</h2>
    <ul class="tree">${resources.map(drawnResource)}</ul>
  `;
}

function drawnApply({ at, milliseconds, error, steps }: ShownApply) {
  const summary = html`<time>${time(at)}</time> ${number(steps.length)} ${t({ en: 'changes', es: 'cambios' })}, ${number(milliseconds)} ms
    ${error === undefined ? nothing : html`<b>${t({ en: 'failed', es: 'falló' })}</b>`}`;
  if (steps.length === 0 && error === undefined) return html`<li>${summary}</li>`;
  return html`<li class=${error === undefined ? '' : 'bad'}><details>
    <summary>${summary}</summary>
    ${error === undefined ? nothing : html`<pre tabindex="0">${error}</pre>`}
    <ul>${steps.map(
      ({ operation, type, name, changes }) => html`
        <li>${operation} <code>${type}</code> ${name}
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
    `${number(grants.length)} ${t({ en: 'grants', es: 'permisos' })}`,
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

function drawnResource({ type, name, id, notEmulated, children }: ShownResource): TemplateResult {
  return html`<li>
    <code>${type}</code> <b>${name}</b> <span class="detail">${id ?? ''}</span>
    ${
      notEmulated.length === 0
        ? nothing
        : html`<ul class="reasons">${notEmulated.map(
            ([path, reason]) =>
              html`<li>${path === '' ? t({ en: 'not emulated', es: 'no se emula' }) : html`<code>${path}</code> ${t({ en: 'has no effect', es: 'no tiene efecto' })}`}: ${reason}</li>`,
          )}</ul>`
    }
    ${children.length === 0 ? nothing : html`<ul>${children.map(drawnResource)}</ul>`}
  </li>`;
}

function countOf(resources: readonly ShownResource[]): number {
  return resources.reduce((sum, { children }) => sum + 1 + countOf(children), 0);
}

import { type Html, html, prose } from '../pages/html.ts';
import type { Language } from '../pages/language.ts';
import { introduction, keyField } from './introduction.ts';
import { layout, tryScript } from './layout.ts';

/** The parts of an OpenAPI document that the page shows. */
export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, Response>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: {
    readonly type: string;
    readonly minimum?: number;
    readonly maximum?: number;
    readonly maxLength?: number;
    readonly pattern?: string;
    readonly default?: number | boolean;
    /** The rule in words. */
    readonly 'x-rule'?: string;
  };
}

type Examples = Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>>;

interface Response {
  readonly description: string;
  readonly headers?: Readonly<
    Record<
      string,
      { readonly description?: string; readonly schema?: { readonly examples?: readonly unknown[] } }
    >
  >;
  readonly content?: Readonly<Record<string, { readonly examples?: Examples }>>;
}

/** The OpenAPI document as a page. It is complete without scripts; the one script sends calls in place. */
export function docsPage({ info, paths, components }: OpenApiDocument, language: Language): string {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const contents = operations.map(
    ({ path, operation }) => html`<a href="#${operation.operationId}">${path}</a>\n`,
  );
  const sections = operations.map(({ path, method, operation }) => section(path, method, operation));
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => html`<h3 id="schema-${name}">${name}</h3>${code(schema)}`,
  );
  return layout(
    info.title,
    language,
    html`${introduction(info.title, info.version, info.description, language)}
<nav>${contents}<a href="#schemas">Schemas</a> <a href="problems">Problems</a> <a href="openapi.json">openapi.json</a></nav>
<main lang="en">
${keyField(language)}${sections}
<h2 id="schemas">Schemas</h2>${schemas}</main>
${tryScript}`,
  );
}

function section(path: string, method: string, operation: Operation): Html {
  const parameters = operation.parameters ?? [];
  return html`
<section>
<h2 id="${operation.operationId}">${operation.summary}</h2>
<p><code><span class="method">${method}</span> ${path}</code></p>
<p>${prose(operation.description)}</p>
${parameters.length > 0 ? parameterTable(parameters) : undefined}
${tryForm(path, parameters)}
<h3>Responses</h3>
${Object.entries(operation.responses).map(([status, response]) => responseDetails(status, response))}
</section>`;
}

function parameterTable(parameters: readonly Parameter[]): Html {
  const rows = parameters.map(
    ({ name, in: place, schema, description }) =>
      html`<tr><td><code>${name}</code></td><td>${place}</td><td>${rule(schema)}</td><td>${prose(description ?? '')}</td></tr>\n`,
  );
  return html`<div class="scroll"><table><tr><th>Parameter</th><th>In</th><th>Rule</th><th>Meaning</th></tr>
${rows}</table></div>`;
}

function rule(schema: Parameter['schema']): Html {
  const { type, minimum, maximum, maxLength, pattern, default: preset } = schema;
  const words = schema['x-rule'];
  if (words !== undefined) return prose(words.replace(/^must be /, ''));
  const range = minimum === undefined ? undefined : html` from ${minimum} to ${maximum}`;
  const length = maxLength === undefined ? undefined : html`, 1 to ${maxLength} characters`;
  const shape = pattern === undefined ? undefined : html` matching <code>${pattern}</code>`;
  return html`${type}${range}${length}${shape}${preset === undefined ? undefined : html`, default ${preset}`}`;
}

/** A form that sends a call. Without scripts it has only the fields with a default; the script enables the rest. */
function tryForm(path: string, parameters: readonly Parameter[]): Html {
  const waits = path.includes('{') ? html` data-script hidden` : undefined;
  return html`<form action="${path.slice(1)}" method="get" data-path="${path.slice(1)}"${waits}>${parameters.map(field)}<button>Try it</button></form>
<pre class="answer" tabindex="0" aria-live="polite" hidden></pre>`;
}

function field({ name, in: place, schema }: Parameter): Html {
  const preset = schema.default;
  if (typeof preset === 'boolean') {
    const choice = (value: boolean) =>
      html`<option${value === preset ? html` selected` : undefined}>${value}</option>`;
    return html`<label>${name}<select name="${name}" data-in="${place}">${[true, false].map(choice)}</select></label> `;
  }
  const input =
    preset === undefined
      ? html`<input name="${name}" data-in="${place}"${place === 'path' ? html` required` : html` data-script disabled`}>`
      : html`<input name="${name}" data-in="${place}" inputmode="numeric" required value="${preset}">`;
  return html`<label${preset === undefined ? html` data-script hidden` : undefined}>${name}${input}</label> `;
}

function responseDetails(status: string, { description, headers = {}, content = {} }: Response): Html {
  const media = Object.entries(content);
  const kinds = media.flatMap(([, { examples = {} }]) =>
    Object.values(examples).flatMap(({ summary }) => summary ?? []),
  );
  const headerRows = Object.entries(headers).map(
    ([name, header]) =>
      html`<tr><td><code>${name}</code></td><td>${prose(header.description ?? '')}</td><td>${example(header.schema)}</td></tr>\n`,
  );
  return html`<details><summary><strong>${status}</strong> ${kinds.length > 0 ? kinds.join(', ') : prose(description)}</summary>
${kinds.length > 0 ? html`<p>${prose(description)}</p>` : undefined}
<div class="scroll"><table><tr><th>Header</th><th>Meaning</th><th>Example</th></tr>${headerRows}</table></div>
${media.map(([type, { examples = {} }]) => examplesOf(type, examples))}
</details>
`;
}

function example(schema: { readonly examples?: readonly unknown[] } = {}): Html | undefined {
  const [first] = schema.examples ?? [];
  return first === undefined ? undefined : html`<code>${String(first)}</code>`;
}

function examplesOf(type: string, examples: Examples): Html[] {
  return Object.values(examples).map(({ value }) => html`<h3>${type}</h3>${code(value)}`);
}

function code(value: unknown): Html {
  return html`<pre><code>${JSON.stringify(value, undefined, 2)}</code></pre>`;
}

/**
 * Sends a call from the page and shows the answer below the same call for a terminal. The content security policy allows it by its
 * digest (layout.ts).
 */
export const TRY_SCRIPT = `
const SHOWN_BYTES = 16384;
const quote = (text) => "'" + text.replaceAll("'", "'\\\\''") + "'";

function call(form) {
  const path = form.dataset.path.split('/').map((part) => {
    const name = /^{(.+)}$/.exec(part)?.[1];
    return name ? encodeURIComponent(form.elements[name].value) : part;
  }).join('/');
  const fields = [...form.elements].filter(({ dataset, value }) => dataset.in === 'query' && value !== '');
  const query = new URLSearchParams(fields.map(({ name, value }) => [name, value])).toString();
  return new URL(path + (query && '?' + query), document.baseURI).href;
}

/** Reads no more than is shown: an export is long. */
async function beginning(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [text, bytes] = ['', 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    bytes += value.length;
    if (bytes <= SHOWN_BYTES) continue;
    await reader.cancel();
    return text.slice(0, SHOWN_BYTES) + '\\n… (the rest is not shown)';
  }
}

async function send(form) {
  const output = form.nextElementSibling;
  const key = document.getElementById('api-key').value;
  const url = call(form);
  const command = 'curl -i ' + (key && "-H 'X-API-Key: …' ") + quote(url);
  output.hidden = false;
  output.textContent = command;
  try {
    const response = await fetch(url, { headers: key ? { 'x-api-key': key } : {} });
    const headers = [...response.headers].map(([name, value]) => name + ': ' + value);
    const shown = response.body ? await beginning(response.body) : '';
    const status = response.status + ' ' + response.statusText;
    // The body first: it is what a reader looks for.
    output.textContent = [command, '', status, '', shown.trimEnd(), '', ...headers].join('\\n');
  } catch (error) {
    output.textContent = command + '\\n\\nNo answer: ' + error.message;
  }
}

const address = new URL('.', document.baseURI).href.replace(/\\/$/, '');
for (const element of document.querySelectorAll('[data-address]')) element.textContent = address;
for (const element of document.querySelectorAll('[data-script]')) {
  element.hidden = false;
  element.disabled = false;
}
for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send(form);
  });
}
`;

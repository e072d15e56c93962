/** What the program of each generated client prints, as JSON. */
export interface Printed {
  /** The countries of the listed records, each once, in order. */
  readonly countries: readonly string[];
  readonly id: string;
  /** The kind of the problem that a wrong limit gives. */
  readonly problem: string;
}

interface TypeScriptClient {
  /** With their exact versions. */
  readonly packages: readonly string[];
  /** Arguments of `npx`. */
  readonly generate: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly program: string;
}

/** Two countries, one record, and a limit that is refused. `process.argv` has the address of the API and the id. */
const ARGUMENTS = `const [api = '', id = ''] = process.argv.slice(2);
const pais = ['Chile', 'Perú'];
const print = (records: { pais: string }[] | undefined, found: string | undefined, problem: string | undefined) =>
  console.log(JSON.stringify({ countries: [...new Set((records ?? []).map(({ pais }) => pais))].sort(), id: found, problem }));
`;

export const TYPESCRIPT_CLIENTS: Readonly<Record<string, TypeScriptClient>> = {
  'openapi-typescript and openapi-fetch': {
    packages: ['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0'],
    generate: ['openapi-typescript', 'openapi.json', '-o', 'client.ts'],
    program: `import createClient from 'openapi-fetch';
import type { paths } from './client';
${ARGUMENTS}
async function main() {
  const client = createClient<paths>({ baseUrl: api });
  const list = await client.GET('/records', { params: { query: { pais, limit: 1000 } } });
  const one = await client.GET('/records/{id}', { params: { path: { id } } });
  const wrong = await client.GET('/records', { params: { query: { limit: 0 } } });
  print(list.data, one.data?.id, wrong.error?.type);
}
void main();`,
  },
  orval: {
    packages: ['orval@8.38.0'],
    generate: ['orval', '--config', 'orval.config.mjs'],
    files: {
      'orval.config.mjs': `const output = { target: 'client.ts', client: 'fetch', baseUrl: { runtime: 'process.argv[2]' } };
export default { records: { input: 'openapi.json', output } };`,
    },
    program: `import { getRecord, listRecords } from './client';
${ARGUMENTS}
async function main() {
  const list = await listRecords({ pais, limit: 1000 });
  const one = await getRecord(id);
  const wrong = await listRecords({ limit: 0 });
  if (list.status !== 200 || one.status !== 200 || wrong.status !== 400) throw new Error('wrong statuses');
  print(list.data, one.data.id, wrong.data.type);
}
void api;
void main();`,
  },
  '@hey-api/openapi-ts': {
    packages: ['@hey-api/openapi-ts@0.99.0'],
    generate: ['openapi-ts', '-i', 'openapi.json', '-o', 'client', '-c', '@hey-api/client-fetch'],
    program: `import { getRecord, listRecords } from './client';
import { client } from './client/client.gen';
${ARGUMENTS}
async function main() {
  client.setConfig({ baseUrl: api });
  const list = await listRecords({ query: { pais, limit: 1000 } });
  const one = await getRecord({ path: { id } });
  const wrong = await listRecords({ query: { limit: 0 } });
  print(list.data, one.data?.id, wrong.error?.type);
}
void main();`,
  },
};

export const JAVA_PROGRAM = `import java.util.List;
import java.util.TreeSet;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.RecordsApi;
import org.openapitools.client.model.Problem;

public class Main {
  public static void main(String[] arguments) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(arguments[0]);
    RecordsApi api = new RecordsApi(client);
    TreeSet<String> countries = new TreeSet<>();
    for (var person : api.listRecords(1000, null, null, null, null, List.of("Chile", "Perú")))
      countries.add(client.getObjectMapper().writeValueAsString(person.getPais()));
    String id = api.getRecord(arguments[1]).getId();
    String problem = "";
    try {
      api.listRecords(0, null, null, null, null, null);
    } catch (ApiException refused) {
      problem = client.getObjectMapper().readValue(refused.getResponseBody(), Problem.class).getType().toString();
    }
    System.out.println("{\\"countries\\":" + countries + ",\\"id\\":\\"" + id + "\\",\\"problem\\":\\"" + problem + "\\"}");
  }
}
`;

export const GO_PROGRAM = `package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

func main() {
	text, err := os.ReadFile("patterns.json")
	if err != nil {
		panic(err)
	}
	var patterns []string
	if err := json.Unmarshal(text, &patterns); err != nil {
		panic(err)
	}
	for _, pattern := range patterns {
		if _, err := regexp.Compile(pattern); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	fmt.Println(len(patterns))
}
`;

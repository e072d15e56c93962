import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EMPTY_KEY_LIST, type KeyList, merge, parseKeyList, textOf } from '@records/api-keys';
import { UserError } from '@records/cli';

/** Stores the list of API keys of a stack. */
export interface KeyStore {
  /** Makes an empty list when there is none; answers whether it did. */
  init(): Promise<boolean>;
  read(): Promise<KeyList>;
  /** Stores the list as `change` makes it from the present one. */
  update(change: (list: KeyList) => KeyList): Promise<void>;
}

/** The file of a secret on the local cloud. For one person at a time. */
export class FileStore implements KeyStore {
  readonly #file: string;

  constructor(folder: string, secret: string) {
    this.#file = join(folder, secret.slice(secret.lastIndexOf('/') + 1));
  }

  async init(): Promise<boolean> {
    try {
      await writeFile(this.#file, textOf(EMPTY_KEY_LIST), { mode: 0o600, flag: 'wx' });
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw error;
    }
  }

  async read(): Promise<KeyList> {
    return parseKeyList(await readFile(this.#file, 'utf8'));
  }

  async update(change: (list: KeyList) => KeyList): Promise<void> {
    const text = textOf(change(await this.read()));
    const draft = `${this.#file}.${process.pid}`;
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, this.#file);
  }
}

/** A part of google-auth-library's clients. */
interface HttpClient {
  request<T>(options: {
    readonly url: string;
    readonly method?: 'GET' | 'POST';
    readonly data?: object;
  }): Promise<{ readonly data: T }>;
}

interface SecretVersion {
  /** `projects/1/secrets/s/versions/5` */
  readonly name: string;
  readonly payload: { readonly data: string };
}

/** Attempts at a change while others change the list. */
const MAX_ATTEMPTS = 5;

/** A secret whose newest version is the list. https://docs.cloud.google.com/secret-manager/docs/reference/rest */
export class SecretStore implements KeyStore {
  readonly #client: HttpClient;
  readonly #secret: string;
  readonly #url: string;

  constructor(client: HttpClient, secret: string, url = 'https://secretmanager.googleapis.com') {
    this.#client = client;
    this.#secret = secret;
    this.#url = `${url}/v1/${secret}`;
  }

  /** Only a secret without any version answers 404. A disabled or destroyed version answers 400, and stays. */
  async init(): Promise<boolean> {
    try {
      await this.#access('latest');
      return false;
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    await this.#add(EMPTY_KEY_LIST);
    return true;
  }

  async read(): Promise<KeyList> {
    return (await this.#latest()).list;
  }

  /**
   * Secret Manager numbers versions in sequence. A gap between the number read and the number written shows that others
   * wrote meanwhile; then their changes and this one are merged into one more version.
   */
  async update(change: (list: KeyList) => KeyList): Promise<void> {
    const { list, number: read } = await this.#latest();
    let [mine, seen] = [change(list), read];
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const added = await this.#add(mine);
      if (added === seen + 1) return;
      for (let other = seen + 1; other < added; other++) {
        mine = merge(mine, (await this.#access(String(other))).list);
      }
      seen = added;
    }
    throw new UserError(`others keep changing the API keys in ${this.#secret}`, {
      hint: 'try again when they are done; `pnpm ops api-keys list` shows the keys',
    });
  }

  async #latest(): Promise<{ list: KeyList; number: number }> {
    try {
      return await this.#access('latest');
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      throw new UserError(`there is no list of API keys in ${this.#secret} yet`, {
        hint: 'make one: pnpm ops api-keys init',
        cause: error,
      });
    }
  }

  async #access(version: string): Promise<{ list: KeyList; number: number }> {
    const { data } = await this.#client.request<SecretVersion>({
      url: `${this.#url}/versions/${version}:access`,
    });
    return {
      list: parseKeyList(Buffer.from(data.payload.data, 'base64').toString()),
      number: numberOf(data.name),
    };
  }

  async #add(list: KeyList): Promise<number> {
    const { data } = await this.#client.request<Pick<SecretVersion, 'name'>>({
      url: `${this.#url}:addVersion`,
      method: 'POST',
      data: { payload: { data: Buffer.from(textOf(list)).toString('base64') } },
    });
    return numberOf(data.name);
  }
}

/** Of an error of google-auth-library. */
function statusOf(error: unknown): number | undefined {
  return (error as { readonly response?: { readonly status?: number } }).response?.status;
}

function numberOf(name: string): number {
  return Number(name.slice(name.lastIndexOf('/') + 1));
}

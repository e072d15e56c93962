import { ApiProcess } from '../shared/api-process.ts';
import { idOf, personOf, stackOf, tableOf } from '../shared/people.ts';
import { conclude } from '../shared/report.ts';
import { CommandError, Workshop } from '../shared/workshop.ts';
import { JUDGES, type Judge, type Judged } from './judges.ts';

const COUNTRIES = ['Chile', 'Perú', 'México'];
const PEOPLE = 60;
const SHOWN = 4_000;

/** Shows the OpenAPI document of a local stack to programs that others wrote, and lets their clients call the API. */
export async function proveDocument(): Promise<void> {
  await using stack = await stackOf(0);
  const people = Array.from({ length: PEOPLE }, (_, n) => ({
    ...personOf(idOf(n)),
    pais: COUNTRIES[n % COUNTRIES.length] ?? '',
  }));
  const refused = await stack.cloud.bigquery.appendRows(tableOf(stack), people);
  if (refused.length > 0) throw new Error(JSON.stringify(refused[0]));
  await using api = await ApiProcess.start(stack, 3_600);
  const text = await (await fetch(`${api.url}/openapi.json`)).text();
  const broken: string[] = [];
  for (const [name, judge] of Object.entries(JUDGES)) {
    const { verdict, reason, output } = await verdictOf(judge, { api: api.url, text, id: idOf(0) });
    console.log(`${name.padEnd(40)}${verdict}: ${reason}`);
    if (verdict !== 'failed') continue;
    console.error(output.slice(-SHOWN));
    broken.push(`${name} does not take the document`);
  }
  conclude(broken);
}

interface Verdict {
  readonly verdict: 'passed' | 'failed' | 'skipped';
  readonly reason: string;
  readonly output: string;
}

/** A judge whose program is not on this machine is skipped. */
async function verdictOf(judge: Judge, judged: Judged): Promise<Verdict> {
  await using workshop = await Workshop.open();
  await workshop.write('openapi.json', judged.text);
  try {
    return { verdict: 'passed', reason: await judge(judged, workshop), output: '' };
  } catch (error) {
    if (!(error instanceof CommandError)) {
      return {
        verdict: 'failed',
        reason: String(error),
        output: error instanceof Error ? (error.stack ?? '') : '',
      };
    }
    const { isMissing, message, output } = error;
    return { verdict: isMissing ? 'skipped' : 'failed', reason: message, output };
  }
}

import { LocalStack } from '@records/local';
import { conclude, printRow } from '../shared/report.ts';
import { namesPerson, PersonInStack, RETURNS, type Traces } from './person.ts';

/** With one, a stack declares the job that deletes forgotten people again. */
const OFFICER = 'serviceAccount:privacy@records-local.iam.gserviceaccount.com';

interface Result {
  /** Traces by moment, then by channel. */
  readonly traces: Readonly<Record<string, Traces>>;
  readonly broken: readonly string[];
}

/** Shows, corrects and forgets a person in a local stack, and lets them come back in every way. */
export async function provePrivacy(json: boolean): Promise<void> {
  const { traces, broken } = await runPrivacy();
  if (json) console.log(JSON.stringify({ traces, broken }, null, 2));
  else printTraces(traces);
  conclude(broken, json ? console.error : console.log);
}

export async function runPrivacy(): Promise<Result> {
  await using stack = await LocalStack.create({ settings: { privacyOfficers: JSON.stringify([OFFICER]) } });
  await using person = await PersonInStack.in(stack);
  const broken: string[] = [];
  await person.arrive();
  const shown = await person.show();
  if (shown.rows !== 2 || shown.deadLetters !== 1)
    broken.push(`show found ${shown.rows} rows of 2 and ${shown.deadLetters} dead letters of 1`);
  const old = await person.correct();
  if (old > 0) broken.push(`${old} channels show what was corrected`);
  const receipt = await person.forget();
  if (namesPerson(receipt)) broken.push('the receipt names the person');
  const traces: Record<string, Traces> = {
    forget: { ...(await person.traces()), ...(await person.stored()) },
  };
  for (const by of RETURNS) {
    await person.comeBack(by);
    // The rows are there until they are deleted again, and no reader may see that.
    const seen = await person.traces();
    const { succeeded, lines } = await stack.runSweep();
    const { rows = 0 } = await person.stored();
    if (!succeeded || rows > 0 || lines.some(namesPerson))
      broken.push(`after ${by} the job leaves ${rows} rows: ${lines.join(' ')}`);
    // The job deletes rows, and the operator dead letters.
    await person.sweep();
    traces[by] = { ...seen, ...(await person.stored()) };
  }
  for (const [moment, channels] of Object.entries(traces)) {
    for (const [channel, count] of Object.entries(channels))
      if (count > 0) broken.push(`${count} traces in ${channel} after ${moment}`);
  }
  return { traces, broken };
}

function printTraces(traces: Result['traces']): void {
  const moments = Object.keys(traces);
  printRow('traces of the person after', moments);
  for (const channel of Object.keys(traces.forget ?? {}))
    printRow(
      channel,
      moments.map((moment) => String(traces[moment]?.[channel])),
    );
}

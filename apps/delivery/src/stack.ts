import { CommandError, pulumiCli } from '@records/infra/tools/pulumi-cli.ts';
import { DeliveryError } from './errors.ts';

/** What the Pulumi program exports, as far as delivery needs it. */
export interface StackOutputs {
  readonly apiUrl: string;
  readonly topic: string;
  readonly table: string;
  readonly region: string;
}

/** The outputs of a deployed stack. Throws DeliveryError. */
export async function stackOutputs(stack: string): Promise<StackOutputs> {
  const { apiUrl, topic, table, region } = (await outputsOf(stack)) as Partial<StackOutputs>;
  if (apiUrl && topic && table && region) return { apiUrl, topic, table, region };
  throw new DeliveryError(
    `stack ${stack} has no outputs apiUrl, topic, table and region: deploy the program of infra/ to it`,
  );
}

export async function apiAddress(stack: string): Promise<string> {
  return (await stackOutputs(stack)).apiUrl;
}

async function outputsOf(stack: string): Promise<object> {
  try {
    return (await pulumiCli.ask(['stack', 'output', '--stack', stack])) as object;
  } catch (error) {
    if (error instanceof CommandError) throw new DeliveryError(error.message);
    throw error;
  }
}

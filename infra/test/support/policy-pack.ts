import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { credentials } from '@grpc/grpc-js';
import analyzerService from '@pulumi/pulumi/proto/analyzer_grpc_pb.js';
import analyzer from '@pulumi/pulumi/proto/analyzer_pb.js';
import type { PlannedResource } from '@records/local-cloud';
import { INFRA } from '@records/stack';
import struct from 'google-protobuf/google/protobuf/struct_pb.js';

const FOLDER = join(INFRA, 'policies');

/** The policy pack in Pulumi's own runner, called over Pulumi's own protocol. */
export class PolicyPackProcess {
  readonly #child: ChildProcess;
  readonly #client: InstanceType<typeof analyzerService.AnalyzerClient>;

  private constructor(child: ChildProcess, port: string) {
    this.#child = child;
    this.#client = new analyzerService.AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  /** Starts the pack in the environment that the Pulumi CLI gives it (sdk/go/common/resource/plugin/analyzer_plugin.go). */
  static async start(stack: string, config: Record<string, string>): Promise<PolicyPackProcess> {
    const runner = createRequire(join(FOLDER, 'package.json')).resolve(
      '@pulumi/pulumi/cmd/run-policy-pack/index.js',
    );
    const child = spawn(process.execPath, [runner, '127.0.0.1:0', FOLDER], {
      cwd: FOLDER,
      env: {
        PATH: process.env.PATH,
        PULUMI_CONFIG: JSON.stringify(config),
        PULUMI_NODEJS_PROJECT: 'records-platform',
        PULUMI_NODEJS_STACK: stack,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new PolicyPackProcess(child, port);
  }

  /** The pack's messages about one resource, before it is created. */
  analyze(resource: PlannedResource): Promise<string[]> {
    const request = filled(new analyzer.AnalyzeRequest(), resource);
    request.setOptions(new analyzer.AnalyzerResourceOptions());
    return messagesOf((answered) => this.#client.analyze(request, answered));
  }

  /** The pack's messages about a stack as a whole. */
  analyzeStack(resources: readonly PlannedResource[]): Promise<string[]> {
    const request = new analyzer.AnalyzeStackRequest();
    request.setResourcesList(
      resources.map((declared) => {
        const resource = filled(new analyzer.AnalyzerResource(), declared);
        resource.setOptions(new analyzer.AnalyzerResourceOptions());
        return resource;
      }),
    );
    return messagesOf((answered) => this.#client.analyzeStack(request, answered));
  }

  async stop(): Promise<void> {
    this.#client.close();
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}

type Message = InstanceType<typeof analyzer.AnalyzeRequest> | InstanceType<typeof analyzer.AnalyzerResource>;

function filled<Target extends Message>(
  target: Target,
  { urn, type, name, inputs }: PlannedResource,
): Target {
  target.setUrn(urn);
  target.setType(type);
  target.setName(name);
  target.setProperties(struct.Struct.fromJavaScript(inputs as Record<string, struct.JavaScriptValue>));
  return target;
}

type Answered = (error: Error | null, response: InstanceType<typeof analyzer.AnalyzeResponse>) => void;

function messagesOf(call: (answered: Answered) => unknown): Promise<string[]> {
  return new Promise((resolve, reject) =>
    call((error, response) =>
      error
        ? reject(error)
        : resolve(response.getDiagnosticsList().map((d) => `${d.getPolicyname()}: ${d.getMessage()}`)),
    ),
  );
}

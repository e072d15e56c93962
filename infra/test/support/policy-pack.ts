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

/** The policy pack, run by Pulumi's own runner and asked over Pulumi's own wire. */
export class PolicyPackProcess {
  readonly #child: ChildProcess;
  readonly #client: InstanceType<typeof analyzerService.AnalyzerClient>;

  private constructor(child: ChildProcess, port: string) {
    this.#child = child;
    this.#client = new analyzerService.AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  /** With the environment that the Pulumi CLI gives a pack (sdk/go/common/resource/plugin/analyzer_plugin.go). */
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

  /** What the pack says of one resource before it is created. */
  analyze({ urn, type, name, inputs }: PlannedResource): Promise<string[]> {
    const request = new analyzer.AnalyzeRequest();
    request.setUrn(urn);
    request.setType(type);
    request.setName(name);
    request.setProperties(struct.Struct.fromJavaScript(inputs as Record<string, struct.JavaScriptValue>));
    request.setOptions(new analyzer.AnalyzerResourceOptions());
    return new Promise((resolve, reject) =>
      this.#client.analyze(request, (error, response) =>
        error ? reject(error) : resolve(messagesOf(response)),
      ),
    );
  }

  /** What the pack says of a stack as a whole. */
  analyzeStack(resources: readonly PlannedResource[]): Promise<string[]> {
    const request = new analyzer.AnalyzeStackRequest();
    request.setResourcesList(
      resources.map(({ urn, type, name, inputs }) => {
        const resource = new analyzer.AnalyzerResource();
        resource.setUrn(urn);
        resource.setType(type);
        resource.setName(name);
        resource.setProperties(
          struct.Struct.fromJavaScript(inputs as Record<string, struct.JavaScriptValue>),
        );
        resource.setOptions(new analyzer.AnalyzerResourceOptions());
        return resource;
      }),
    );
    return new Promise((resolve, reject) =>
      this.#client.analyzeStack(request, (error, response) =>
        error ? reject(error) : resolve(messagesOf(response)),
      ),
    );
  }

  async stop(): Promise<void> {
    this.#client.close();
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}

function messagesOf(response: InstanceType<typeof analyzer.AnalyzeResponse>): string[] {
  return response
    .getDiagnosticsList()
    .map((diagnostic) => `${diagnostic.getPolicyname()}: ${diagnostic.getMessage()}`);
}

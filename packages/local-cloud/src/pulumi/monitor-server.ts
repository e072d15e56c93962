import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import type { Callback } from '@pulumi/pulumi/proto/callback_pb.js';
import engineService from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import engine from '@pulumi/pulumi/proto/engine_pb.js';
import monitorService from '@pulumi/pulumi/proto/resource_grpc_pb.js';
import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js';
import monitor from '@pulumi/pulumi/proto/resource_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Severity } from '../cloud-event.ts';
import type { CallbackAddress } from './callbacks.ts';
import { type HookBinding, NO_HOOKS } from './hooks.ts';
import { type Monitor, MonitorError, type Registration } from './monitor.ts';
import { decodeProperties, encodeProperties, PropertyValueError } from './property-values.ts';

/** The frame of the module that makes resources on behalf of the program. */
const WRAPPER = '/src/pulumi/whole-arguments.ts';

/** Pulumi's own limit, on both sides (sdk/nodejs/runtime/settings.ts). */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

const STACK_REFERENCE = 'pulumi:pulumi:StackReference';

const FEATURES = monitor.ResourceMonitorFeature;
const SUPPORTED = new Map([
  ['secrets', FEATURES.RESOURCE_MONITOR_FEATURE_SECRETS],
  ['resourceReferences', FEATURES.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES],
  ['outputValues', FEATURES.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES],
  ['deletedWith', FEATURES.RESOURCE_MONITOR_FEATURE_DELETED_WITH],
  ['resourceHooks', FEATURES.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS],
  ['errorHooks', FEATURES.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS],
]);

/** Serves Pulumi's ResourceMonitor and Engine, on a free port of this machine, for one run of a program. */
export class MonitorServer {
  readonly address: string;
  readonly #server: grpc.Server;

  private constructor(server: grpc.Server, port: number) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
  }

  static async listen(handler: Monitor): Promise<MonitorServer> {
    const server = new grpc.Server({
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    });
    server.addService(monitorService.ResourceMonitorService, monitorMethods(handler));
    server.addService(engineService.EngineService, engineMethods(handler));
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    return new MonitorServer(server, port);
  }

  close(): void {
    this.#server.forceShutdown();
  }
}

// A method that is missing here answers UNIMPLEMENTED: transforms and packages.
function monitorMethods(handler: Monitor): grpc.UntypedServiceImplementation {
  return {
    getDeploymentInfo: unary(() => {
      const response = new monitor.DeploymentInfo();
      response.setSupportedfeaturesList([...SUPPORTED.values()]);
      return response;
    }),
    // Asked by SDKs before 3.270, feature by feature.
    supportsFeature: unary((request: InstanceType<typeof monitor.SupportsFeatureRequest>) => {
      const response = new monitor.SupportsFeatureResponse();
      response.setHassupport(SUPPORTED.has(request.getId()));
      return response;
    }),
    registerResource: unary(async (request: RegisterResourceRequest) => {
      const registered = await handler.registerResource(decode(request, handler));
      const response = new monitor.RegisterResourceResponse();
      response.setUrn(registered.urn);
      response.setId(registered.id ?? '');
      response.setObject(encodeProperties(registered.outputs, registered.secrets));
      response.setUnknown(registered.unknown);
      return response;
    }),
    registerResourceHook: unary((request: InstanceType<typeof monitor.RegisterResourceHookRequest>) => {
      handler.registerResourceHook(request.getName(), {
        ...addressOf(request.getCallback()),
        onDryRun: request.getOnDryRun(),
        ignoreErrors: request.getIgnoreErrors(),
      });
      return new empty.Empty();
    }),
    registerErrorHook: unary((request: InstanceType<typeof monitor.RegisterErrorHookRequest>) => {
      handler.registerErrorHook(request.getName(), addressOf(request.getCallback()));
      return new empty.Empty();
    }),
    registerResourceOutputs: unary((request: InstanceType<typeof monitor.RegisterResourceOutputsRequest>) => {
      handler.registerResourceOutputs(request.getUrn(), decodeProperties(request.getOutputs()));
      return new empty.Empty();
    }),
    invoke: unary(async (request: InstanceType<typeof monitor.ResourceInvokeRequest>) => {
      const result = await handler.invoke(request.getTok(), decodeProperties(request.getArgs()));
      const response = new monitor.ResourceInvokeResponse();
      response.setReturn(encodeProperties(result, []));
      return response;
    }),
    readResource: unary((request: InstanceType<typeof monitor.ReadResourceRequest>) => {
      if (request.getType() === STACK_REFERENCE) return stackReference(request, handler);
      handler.refuse(
        `${request.getType()} "${request.getName()}" (id ${request.getId()}): reading a resource that another ` +
          'program manages (Resource.get) is not emulated. Pass what you need of it as configuration.',
      );
    }),
    call: unary((request: InstanceType<typeof monitor.ResourceCallRequest>) => {
      handler.refuse(`${request.getTok()}: methods of remote components are not emulated.`);
    }),
    signalAndWaitForShutdown: unary(() => new empty.Empty()),
  };
}

/** https://www.pulumi.com/docs/iac/concepts/stacks/#stackreferences */
function stackReference(
  request: InstanceType<typeof monitor.ReadResourceRequest>,
  handler: Monitor,
): InstanceType<typeof monitor.ReadResourceResponse> {
  const name = request.getId();
  const { values, secrets } = handler.stackOutputs(name);
  const response = new monitor.ReadResourceResponse();
  response.setUrn(handler.urnOf(request.getParent(), STACK_REFERENCE, request.getName()));
  const properties = { name, outputs: values, secretOutputNames: secrets };
  response.setProperties(encodeProperties(properties, secrets.length > 0 ? ['outputs'] : []));
  return response;
}

function engineMethods(handler: Monitor): grpc.UntypedServiceImplementation {
  let rootResource = '';
  return {
    log: unary((request: InstanceType<typeof engine.LogRequest>) => {
      handler.log(severityOf(request.getSeverity()), request.getMessage());
      return new empty.Empty();
    }),
    getRootResource: unary(() => {
      const response = new engine.GetRootResourceResponse();
      response.setUrn(rootResource);
      return response;
    }),
    setRootResource: unary((request: InstanceType<typeof engine.SetRootResourceRequest>) => {
      rootResource = request.getUrn();
      return new engine.SetRootResourceResponse();
    }),
    // The protocol is the same for every version of the Pulumi CLI that a program may ask for.
    requirePulumiVersion: unary(() => new engine.RequirePulumiVersionResponse()),
  };
}

/** Turns an error of the engine into a gRPC status. */
function unary<Request, Response>(
  method: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(method)
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback({ code: statusOf(error), details: String(messageOf(error)) }),
      );
  };
}

function statusOf(error: unknown): grpc.status {
  const isRefusal = error instanceof MonitorError || error instanceof PropertyValueError;
  return isRefusal ? grpc.status.INVALID_ARGUMENT : grpc.status.INTERNAL;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function severityOf(severity: number): Severity {
  return (['debug', 'info', 'warning', 'error'] as const)[severity] ?? 'info';
}

function decode(request: RegisterResourceRequest, handler: Monitor): Registration {
  try {
    return registrationOf(request);
  } catch (error) {
    if (!(error instanceof PropertyValueError)) throw error;
    handler.refuse(`${request.getType()} "${request.getName()}", property "${error.path}": ${error.message}`);
  }
}

function registrationOf(request: RegisterResourceRequest): Registration {
  const inputs = decodeProperties(request.getObject());
  const propertyDependencies = [...request.getPropertydependenciesMap().entries()].flatMap(([, urns]) =>
    urns.getUrnsList(),
  );
  return {
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent() || undefined,
    custom: request.getCustom(),
    inputs,
    dependencies: [
      ...new Set([...request.getDependenciesList(), ...propertyDependencies, ...inputs.dependencies]),
    ],
    options: {
      provider: request.getProvider() || undefined,
      protect: request.getProtect() ?? false,
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      deleteBeforeReplace: request.getDeletebeforereplace(),
      retainOnDelete: request.getRetainondelete() ?? false,
      deletedWith: request.getDeletedwith() || undefined,
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      aliases: request.getAliasurnsList(),
      hooks: hooksOf(request),
      unsupported: unsupportedOptions(request),
    },
    position: positionOf(request),
  };
}

/** The innermost frame of the program itself. */
function positionOf(request: RegisterResourceRequest): string | undefined {
  for (const frame of request.getStacktrace()?.getFramesList() ?? []) {
    const uri = frame.getPc()?.getUri();
    if (!uri || uri.includes('/node_modules/') || uri.endsWith(WRAPPER)) continue;
    return `${relative(process.cwd(), fileURLToPath(uri))}:${frame.getPc()?.getLine()}`;
  }
  return undefined;
}

function hooksOf(request: RegisterResourceRequest): HookBinding {
  const hooks = request.getHooks();
  if (!hooks) return NO_HOOKS;
  return {
    beforeCreate: hooks.getBeforeCreateList(),
    afterCreate: hooks.getAfterCreateList(),
    beforeUpdate: hooks.getBeforeUpdateList(),
    afterUpdate: hooks.getAfterUpdateList(),
    onError: hooks.getOnErrorList(),
  };
}

function addressOf(callback: Callback | undefined): CallbackAddress {
  return { target: callback?.getTarget() ?? '', token: callback?.getToken() ?? '' };
}

function unsupportedOptions(request: RegisterResourceRequest): string[] {
  const hooks = request.getHooks();
  const options: Record<string, boolean> = {
    import: request.getImportid() !== '',
    transforms: request.getTransformsList().length > 0,
    'a hook of a deletion':
      hooks !== undefined && [...hooks.getBeforeDeleteList(), ...hooks.getAfterDeleteList()].length > 0,
    replaceWith: request.getReplaceWithList().length > 0,
    replacementTrigger: request.hasReplacementTrigger(),
    stateMigrations: request.getStateMigrationsList().length > 0,
    'a remote component': request.getRemote(),
  };
  return Object.keys(options).filter((name) => options[name]);
}

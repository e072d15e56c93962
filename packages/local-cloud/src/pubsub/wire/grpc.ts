import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  type ServerDuplexStream,
  type StatusObject,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import './long-deadlines.ts';
import { PUBLISH_MAX_BYTES } from '../limits.ts';
import type { StreamingPull, StreamingPullRequest, StreamingPullResponse } from '../streaming-pull.ts';
import { statusDetails } from './error-details.ts';
import { answerOf, handlerOf } from './methods.ts';
import { authorize } from './permissions.ts';
import { RPCS, type Rpc, SERVICES, toRequest } from './protos.ts';
import { type Status, statusOf } from './status.ts';
import { TRANSIT_MS, type Wire } from './wire.ts';

/**
 * Frequent RPCs that skip the conversion to plain objects. Their messages have no enums, and their requests no 64-bit
 * integers, so the decoded form is the same.
 */
const DIRECT = new Set(['Publish', 'Acknowledge', 'ModifyAckDeadline', 'Pull', 'StreamingPull']);
/** Bytes of the largest publish request with its overhead. */
const MAX_REQUEST_BYTES = 2 * PUBLISH_MAX_BYTES;

/** Creates the gRPC server; the caller makes it listen. */
export function createGrpcServer(wire: Wire): Server {
  const server = new Server({ 'grpc.max_receive_message_length': MAX_REQUEST_BYTES });
  for (const service of SERVICES) {
    const rpcs = RPCS.filter((rpc) => rpc.service === service);
    const implementation: UntypedServiceImplementation = Object.fromEntries(
      rpcs.map((rpc) => [rpc.name, rpc.streaming ? streamingPull(wire, rpc) : unary(wire, rpc)]),
    );
    server.addService(Object.fromEntries(rpcs.map((rpc) => [rpc.name, definitionOf(rpc)])), implementation);
  }
  return server;
}

function definitionOf(rpc: Rpc): MethodDefinition<object, object> {
  const { name, path, request, response, streaming } = rpc;
  const encode = (type: protobuf.Type) => (value: object) =>
    Buffer.from(type.encode(DIRECT.has(name) ? value : type.fromObject(value)).finish());
  const decode = (type: protobuf.Type) => (bytes: Buffer) => {
    const message = type.decode(bytes);
    return DIRECT.has(name) && !streaming ? message : toRequest(type, message);
  };
  return {
    path,
    requestStream: streaming,
    responseStream: streaming,
    requestSerialize: encode(request),
    requestDeserialize: decode(request),
    responseSerialize: encode(response),
    responseDeserialize: decode(response),
  };
}

function unary({ pubsub, accessOf, report }: Wire, rpc: Rpc): handleUnaryCall<object, object> {
  const handler = handlerOf(rpc.service, rpc.name);
  return async (call, callback) => {
    const abort = new AbortController();
    let isAnswered = false;
    // Emitted for a completed call, too. A client that left must not be waited for: its pull would take messages.
    call.on('cancelled', () => (isAnswered ? setTimeout(() => abort.abort(), TRANSIT_MS) : abort.abort()));
    try {
      const access = accessOf(authorizationOf(call.metadata));
      authorize(access, rpc.name, call.request);
      const answer = answerOf(await handler(pubsub, call.request as never, abort.signal, access));
      isAnswered = true;
      callback(null, answer);
    } catch (error) {
      callback(grpcErrorOf(statusOf(error, report)));
    }
  };
}

function streamingPull(
  { pubsub, accessOf, report }: Wire,
  rpc: Rpc,
): handleBidiStreamingCall<StreamingPullRequest, StreamingPullResponse> {
  return (call: ServerDuplexStream<StreamingPullRequest, StreamingPullResponse>) => {
    let stream: StreamingPull | undefined;
    let failed = false;
    const fail = (error: unknown) => {
      stream?.close();
      if (failed) return;
      failed = true;
      call.emit('error', grpcErrorOf(statusOf(error, report)));
    };
    call.on('data', (request: StreamingPullRequest) => {
      try {
        if (!stream) authorize(accessOf(authorizationOf(call.metadata)), rpc.name, request);
        stream ??= pubsub.streamingPull(request, { send: (response) => call.write(response), fail });
        stream.receive(request).catch(fail);
      } catch (error) {
        fail(error);
      }
    });
    call.on('drain', () => stream?.drained());
    call.on('cancelled', () => stream?.close());
    call.on('end', () => {
      stream?.close();
      call.end();
    });
  };
}

function authorizationOf(metadata: Metadata): string | undefined {
  const [authorization] = metadata.get('authorization');
  return authorization === undefined ? undefined : String(authorization);
}

function grpcErrorOf({ grpc, message, info }: Status): StatusObject {
  const metadata = new Metadata();
  if (info) metadata.set('grpc-status-details-bin', statusDetails(grpc, message, info));
  return { code: grpc, details: message, metadata };
}

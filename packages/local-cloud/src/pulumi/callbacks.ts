import * as grpc from '@grpc/grpc-js';
import callbackService from '@pulumi/pulumi/proto/callback_grpc_pb.js';
import callback from '@pulumi/pulumi/proto/callback_pb.js';

/** A function of the running program, by which the engine calls it. */
export interface CallbackAddress {
  /** `host:port` of the program's Callbacks service. */
  readonly target: string;
  readonly token: string;
}

interface Message {
  serializeBinary(): Uint8Array;
}

type Client = InstanceType<typeof callbackService.CallbacksClient>;

/** Calls functions of the running program through Pulumi's Callbacks service. */
export class Callbacks {
  readonly #clients = new Map<string, Client>();

  /** Answers the bytes of the response. Rejects when the program fails or is gone. */
  invoke({ target, token }: CallbackAddress, message: Message): Promise<Uint8Array> {
    const client = this.#clientOf(target);
    const request = new callback.CallbackInvokeRequest();
    request.setToken(token);
    request.setRequest(message.serializeBinary());
    return new Promise((resolve, reject) =>
      client.invoke(request, (error, response) =>
        error ? reject(error) : resolve(response.getResponse_asU8()),
      ),
    );
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  /** A program has one service, so there is one client a run. */
  #clientOf(target: string): Client {
    const known = this.#clients.get(target);
    const client = known ?? new callbackService.CallbacksClient(target, grpc.credentials.createInsecure());
    this.#clients.set(target, client);
    return client;
  }
}

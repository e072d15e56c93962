import type { Clock } from '../clock.ts';
import type { OnEvent } from '../cloud-event.ts';
import { CloudError } from '../errors.ts';
import { freePort } from '../ports.ts';
import type { CloudRunAdmin, ContainerSpec, JobSpec } from '../pulumi/cloud.ts';
import { Container, type ContainerOptions } from './container.ts';
import type { Execution } from './execution.ts';
import { commandOf, type Images } from './images.ts';
import { InvokerCheck } from './invoker-check.ts';
import { Jobs } from './jobs.ts';
import { Lifeline } from './lifeline.ts';
import { MetadataServer } from './metadata-server.ts';

export interface CloudRunOptions {
  readonly projectId: string;
  readonly projectNumber: string;
  readonly location: string;
  readonly images: Images;
  /** Variables of every container, which say how to reach this cloud. */
  readonly environment: Readonly<Record<string, string>>;
  /** An access token for the account that a service runs as, by its e-mail. */
  tokenFor(email: string): string;
  /** Why a caller may not call a service, by its resource name; undefined lets the caller in. */
  refusalOf(service: string, authorization: string | undefined): 401 | 403 | undefined;
  readonly clock: Clock;
  readonly onEvent: OnEvent;
}

export interface RunningService {
  readonly service: string;
  readonly revision: string;
  readonly uri: string;
  /** Undefined while it is not running. */
  readonly pid: number | undefined;
  /** The variables that its resource declares. */
  readonly environment: Readonly<Record<string, string>>;
  /** The ports that it got for `ports` of its image, by variable. */
  readonly ports: Readonly<Record<string, number>>;
}

/**
 * Cloud Run on this machine: one process per service, and one per execution of a job. While a revision serves, a new one
 * must first become ready beside it, so one that does not start changes nothing.
 * https://docs.cloud.google.com/run/docs/managing/revisions
 *
 * Differences from Google: a new revision takes the port of the old one, so it starts twice: on other ports first, and
 * then in place of the old one; the process is not isolated from this machine.
 */
export class CloudRun implements CloudRunAdmin {
  readonly #options: CloudRunOptions;
  readonly #containers = new Map<string, Container>();
  readonly #rehearsals = new Set<Container>();
  readonly #metadata = new Map<string, MetadataServer>();
  readonly #checks = new Map<string, InvokerCheck>();
  /** For processes that are not containers, by the e-mail of their account. */
  readonly #accounts = new Map<string, Promise<MetadataServer>>();
  readonly #ports = new Map<string, number>();
  readonly #lifeline = new Lifeline();
  readonly #jobs: Jobs;
  #closed = false;

  constructor(options: CloudRunOptions) {
    this.#options = options;
    const startMetadata = (account: string | undefined) => this.#startMetadata(account);
    this.#jobs = new Jobs({ ...options, lifeline: this.#lifeline, startMetadata });
  }

  async deploy(spec: ContainerSpec, revision: string): Promise<{ readonly uri: string }> {
    const { images, clock, onEvent } = this.#options;
    const command = commandOf(images, spec.image);
    const outside = await this.#portOf(spec.service, 'PORT', command.port);
    const { invokersOf } = spec;
    const port = invokersOf === undefined ? outside : await this.#portOf(spec.service, 'PORT behind', 0);
    const ports: Record<string, number> = {};
    for (const [variable, wanted] of Object.entries(command.ports ?? {})) {
      if (variable in spec.environment) ports[variable] = await this.#portOf(spec.service, variable, wanted);
    }
    const lifeline = this.#lifeline;
    const metadata = await this.#startMetadata(spec.serviceAccount);
    const environment = { ...this.#options.environment, GCE_METADATA_HOST: metadata.host };
    const options = { spec, revision, command, port, ports, environment, clock, lifeline, onEvent };
    try {
      await this.#rehearse(options);
    } catch (error) {
      await metadata.close();
      throw error;
    }
    await this.delete(spec.service);
    this.#metadata.set(spec.service, metadata);
    if (this.#closed) {
      await this.delete(spec.service);
      throw new CloudError(
        'CANCELLED',
        `Service ${spec.service} was not started: the local cloud is closed.`,
      );
    }
    const container = new Container(options);
    this.#containers.set(spec.service, container);
    try {
      await container.start();
      if (invokersOf !== undefined) {
        const refusalOf = (authorization: string | undefined) =>
          this.#options.refusalOf(invokersOf, authorization);
        const check = await InvokerCheck.listen({ port: outside, containerPort: port, refusalOf });
        this.#checks.set(spec.service, check);
      }
    } catch (error) {
      if (this.#containers.get(spec.service) === container) await this.delete(spec.service);
      throw error;
    }
    return { uri: this.#uriOf(spec.service) };
  }

  has(service: string): boolean {
    return this.#containers.has(service);
  }

  services(): RunningService[] {
    return [...this.#containers].map(([service, container]) => ({
      service,
      revision: container.revision,
      uri: this.#uriOf(service),
      pid: container.pid,
      environment: container.environment,
      ports: container.ports,
    }));
  }

  /** Restarts the process of a service, with the current files. When they do not start, the old process stays. Throws CloudError. */
  async restart(service: string): Promise<void> {
    await this.#rehearse(this.#container(service).options);
    // A deployment may have replaced it meanwhile.
    await this.#container(service).start();
  }

  /** Starts a revision on other ports beside the process that serves, if one does, and stops it when it is ready. */
  async #rehearse(options: ContainerOptions): Promise<void> {
    const { spec, ports, onEvent } = options;
    if (this.#containers.get(spec.service)?.pid === undefined) return;
    const others = await Promise.all(
      Object.keys(ports).map(async (name) => [name, await freePort()] as const),
    );
    const rehearsal = new Container({
      ...options,
      port: await freePort(),
      ports: Object.fromEntries(others),
      // The states of the service are those of the process that serves.
      onEvent: (event) => event.type === 'log' && onEvent({ ...event, isStarting: true }),
    });
    this.#rehearsals.add(rehearsal);
    try {
      await rehearsal.start();
    } finally {
      await rehearsal.stop();
      this.#rehearsals.delete(rehearsal);
    }
  }

  /** Sends a signal to the processes of a service. Throws CloudError NOT_FOUND. */
  kill(service: string, signal: NodeJS.Signals): void {
    this.#container(service).kill(signal);
  }

  async delete(service: string): Promise<void> {
    const container = this.#containers.get(service);
    this.#containers.delete(service);
    const check = this.#checks.get(service);
    this.#checks.delete(service);
    await check?.close();
    await container?.stop();
    const metadata = this.#metadata.get(service);
    this.#metadata.delete(service);
    await metadata?.close();
  }

  putJob(spec: JobSpec): void {
    this.#jobs.put(spec);
  }

  hasJob(job: string): boolean {
    return this.#jobs.has(job);
  }

  deleteJob(job: string): Promise<void> {
    return this.#jobs.delete(job);
  }

  /** Executes a job, as `gcloud run jobs execute --wait` does. Throws CloudError NOT_FOUND. */
  runJob(job: string): Promise<Execution> {
    return this.#jobs.run(job);
  }

  /** `HOST:PORT` of an account's metadata server, for a process that is not a container. The same one until `close`. */
  async metadataHostFor(email: string): Promise<string> {
    const server = this.#accounts.get(email) ?? this.#startMetadata(email);
    this.#accounts.set(email, server);
    return (await server).host;
  }

  /** Stops every service and execution, including those that are starting. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#rehearsals].map((rehearsal) => rehearsal.stop()));
    await Promise.all([...this.#containers.keys()].map((service) => this.delete(service)));
    await this.#jobs.close();
    await Promise.all([...this.#accounts.values()].map(async (server) => (await server).close()));
    this.#accounts.clear();
    this.#lifeline.close();
  }

  #uriOf(service: string): string {
    return `http://127.0.0.1:${this.#ports.get(`${service} PORT`)}`;
  }

  /** The same port for the lifetime of this object. */
  async #portOf(service: string, variable: string, wanted: number | undefined): Promise<number> {
    const key = `${service} ${variable}`;
    const port = wanted || this.#ports.get(key) || (await freePort());
    this.#ports.set(key, port);
    return port;
  }

  #startMetadata(serviceAccount: string | undefined): Promise<MetadataServer> {
    const { projectId, projectNumber, location, tokenFor } = this.#options;
    return MetadataServer.listen({
      projectId,
      projectNumber,
      location,
      // Google's default. https://docs.cloud.google.com/run/docs/securing/service-identity
      serviceAccount: serviceAccount ?? `${projectNumber}-compute@developer.gserviceaccount.com`,
      tokenFor,
    });
  }

  #container(service: string): Container {
    const container = this.#containers.get(service);
    if (container) return container;
    throw new CloudError('NOT_FOUND', `Service '${service}' does not exist.`, {
      hint: `services of this cloud: ${[...this.#containers.keys()].join(', ') || 'none'}`,
    });
  }
}

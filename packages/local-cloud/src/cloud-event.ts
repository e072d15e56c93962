export type Severity = 'debug' | 'info' | 'warning' | 'error';

/** An event of a local cloud, to be shown to a person. */
export type CloudEvent =
  /** A line of a Pulumi program or a container, or a warning. `source` is `pulumi`, `bigquery`, `pubsub`, `iam` or a Cloud Run service. */
  | {
      readonly type: 'log';
      readonly source: string;
      readonly severity: Severity;
      readonly message: string;
      /** A container that is not ready yet wrote it. The error of a failed start repeats the last ones. */
      readonly isStarting?: true;
    }
  /** A step of a deployment: its operation on one resource. */
  | { readonly type: 'step'; readonly step: StepEvent }
  /** A container started, became ready, stopped or crashed. */
  | {
      readonly type: 'container';
      readonly service: string;
      readonly state: ContainerState;
      readonly message: string;
    };

export type ContainerState = 'starting' | 'ready' | 'stopped' | 'crashed' | 'unhealthy';

export type StepOperation = 'create' | 'same' | 'update' | 'replace' | 'delete';

/** An input that changed. Values are JSON, shortened around the difference; a secret reads `[secret]`. */
export interface PropertyChange {
  /** `labels.team`, `template.containers[0].image` */
  readonly path: string;
  /** Undefined for an input that the step adds. */
  readonly old: string | undefined;
  /** Undefined for an input that the step removes. */
  readonly new: string | undefined;
}

export interface StepEvent {
  readonly operation: StepOperation;
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly changes: readonly PropertyChange[];
  /** Declared properties without effect here, each with the reason. The empty path is the whole resource. */
  readonly notEmulated: Readonly<Record<string, string>>;
}

export type OnEvent = (event: CloudEvent) => void;

import { CloudError } from '../errors.ts';

/** How to run on this machine what an image would run. */
export interface ImageCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The port that the process gets in PORT; 0 or absent: a free one. */
  readonly port?: number;
  /**
   * Variables in which a resource declares a further port, for a container beside it: the process gets this port of this
   * machine in its place; 0: a free one. All containers share one network here, so what is declared may be taken.
   */
  readonly ports?: Readonly<Record<string, number>>;
}

/** Keyed by the last part of an image's repository: `api` for `HOST/PROJECT/REPOSITORY/api:tag`. */
export type Images = Readonly<Record<string, ImageCommand>>;

/** Throws CloudError NOT_FOUND for an image that nobody said how to run. */
export function commandOf(images: Images, image: string): ImageCommand {
  const key = imageKey(image);
  const command = images[key];
  if (command) return command;
  const known = Object.keys(images);
  throw new CloudError('NOT_FOUND', `Image '${image}' not found.`, {
    hint: `the local cloud runs a command in place of an image, and none is given for "${key}" (option images of LocalCloud.create; known: ${known.join(', ') || 'none'})`,
  });
}

function imageKey(image: string): string {
  const repository = image.replace(/@.*$/, '');
  return repository.slice(repository.lastIndexOf('/') + 1).replace(/:.*$/, '');
}

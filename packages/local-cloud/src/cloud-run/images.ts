import { CloudError } from '../errors.ts';

/** How to run on this machine what an image would run. */
export interface ImageCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Variables that the image sets; those that a resource declares replace them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The port that the process gets in PORT; 0 or absent: a free one. */
  readonly port?: number;
  /** In place of `args` where a container declares arguments of its own: keyed by those, joined by a space. */
  readonly entryPoints?: Readonly<Record<string, readonly string[]>>;
  /**
   * Variables in which a resource declares a further port, for a container beside it: the process gets this port of this
   * machine in its place; 0: a free one. All containers share one network here, so what is declared may be taken.
   */
  readonly ports?: Readonly<Record<string, number>>;
}

/** Keyed by the last part of an image's repository: `api` for `HOST/PROJECT/REPOSITORY/api:tag`. */
export type Images = Readonly<Record<string, ImageCommand>>;

/** Throws CloudError NOT_FOUND for an image, or arguments of it, that nobody said how to run. */
export function commandOf(images: Images, image: string, args: readonly string[] = []): ImageCommand {
  const key = imageKey(image);
  const command = images[key];
  if (command) return args.length === 0 ? command : { ...command, args: argumentsOf(command, image, args) };
  const known = Object.keys(images);
  throw new CloudError('NOT_FOUND', `Image '${image}' not found.`, {
    hint: `the local cloud runs a command in place of an image, and none is given for "${key}" (option images of LocalCloud.create; known: ${known.join(', ') || 'none'})`,
  });
}

function argumentsOf({ entryPoints = {} }: ImageCommand, image: string, args: readonly string[]) {
  const key = args.join(' ');
  const found = entryPoints[key];
  if (found) return found;
  throw new CloudError('NOT_FOUND', `Image '${image}' has no entry point '${key}'.`, {
    hint: `the local cloud runs a command in place of it (entryPoints of images of LocalCloud.create; known: ${Object.keys(entryPoints).join(', ') || 'none'})`,
  });
}

function imageKey(image: string): string {
  const repository = image.replace(/@.*$/, '');
  return repository.slice(repository.lastIndexOf('/') + 1).replace(/:.*$/, '');
}

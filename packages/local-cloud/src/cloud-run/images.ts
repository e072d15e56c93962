import { CloudError } from '../errors.ts';

/** The command to run on this machine in place of an image. */
export interface ImageCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Variables that the image sets; those that a resource declares replace them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The port that the process gets in PORT; 0 or absent: a free one. */
  readonly port?: number;
  /** Arguments in place of `args`, by the arguments that a container declares, joined by a space. */
  readonly entryPoints?: Readonly<Record<string, readonly string[]>>;
  /**
   * Ports of this machine, by variables in which a resource declares a further port, such as that of a sidecar; 0: a free
   * one. All containers share one network here, so a declared port may be in use.
   */
  readonly ports?: Readonly<Record<string, number>>;
}

/** Keyed by the last part of an image's repository: `api` for `HOST/PROJECT/REPOSITORY/api:tag`. */
export type Images = Readonly<Record<string, ImageCommand>>;

/** Throws CloudError NOT_FOUND for an unknown image, or for arguments without an entry point. */
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

/** `gcp:pubsub/topic:Topic` → `pubsub.Topic` */
export function shortType(type: string): string {
  const [, module = '', name = type] = type.split(':');
  return `${module.split('/')[0]}.${name}`;
}

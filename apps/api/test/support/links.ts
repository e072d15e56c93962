/** The targets of a `Link` header by their relation. */
export function linksOf(
  header: string,
): Record<string, { limit: number; offset: number; snapshot: string | null }> {
  return Object.fromEntries(
    header.split(', ').map((link) => {
      const [, query = '', relation = ''] = /^<\/records\?([^>]*)>; rel="(\w+)"$/.exec(link) ?? [];
      const parameters = new URLSearchParams(query);
      return [
        relation,
        {
          limit: Number(parameters.get('limit')),
          offset: Number(parameters.get('offset')),
          snapshot: parameters.get('snapshot'),
        },
      ];
    }),
  );
}

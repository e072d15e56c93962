import type { ViewEntry } from './view.ts';

/** The views in the order of the menu; the first is the start page. `../views.ts` lists their parts on the server. */
export const VIEWS: readonly [ViewEntry, ...ViewEntry[]] = [
  { name: 'follow', title: { en: 'Follow one', es: 'Seguir uno' }, load: () => import('./views/follow.ts') },
  { name: 'records', title: { en: 'Records', es: 'Registros' }, load: () => import('./views/records.ts') },
  { name: 'sql', title: { en: 'SQL', es: 'SQL' }, load: () => import('./views/sql.ts') },
  {
    name: 'dead-letters',
    title: { en: 'Dead letters', es: 'Mensajes no entregables' },
    load: () => import('./views/dead-letters.ts'),
  },
  {
    name: 'requests',
    title: { en: 'Requests and events', es: 'Solicitudes y eventos' },
    load: () => import('./views/requests.ts'),
  },
  {
    name: 'infrastructure',
    title: { en: 'Infrastructure', es: 'Infraestructura' },
    load: () => import('./views/infrastructure.ts'),
  },
  {
    name: 'trouble',
    title: { en: 'Trouble', es: 'Fallas' },
    load: () => import('./views/trouble.ts'),
  },
];

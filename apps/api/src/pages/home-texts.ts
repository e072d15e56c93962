import type { ProblemName } from '../problems/catalogue.ts';
import type { Language } from './language.ts';

export interface HomeTexts {
  readonly title: string;
  readonly about: string;
  readonly documentation: string;
  /** The link to the page in the other language, in that language. */
  readonly other: { readonly language: Language; readonly name: string };
  readonly total: string;
  readonly matching: string;
  readonly taken: string;
  readonly fields: { readonly nombre: string; readonly apellido: string; readonly pais: string };
  readonly filterTitle: string;
  readonly filterHint: string;
  readonly filter: string;
  readonly clear: string;
  readonly countries: string;
  readonly moreCountries: string;
  readonly records: string;
  readonly noneMatch: string;
  readonly none: string;
  readonly pages: string;
  readonly previous: string;
  readonly next: string;
  readonly of: string;
  readonly downloads: string;
  readonly downloadsHint: string;
  readonly csv: string;
  readonly excel: string;
  readonly ndjson: string;
  readonly failed: string;
  readonly again: string;
  readonly request: string;
  /** A sentence for each problem that a reader of the page can meet. */
  readonly problems: Readonly<Partial<Record<ProblemName, string>>>;
  /** For every other problem. */
  readonly otherProblem: string;
}

export const HOME_TEXTS: Readonly<Record<Language, HomeTexts>> = {
  es: {
    title: 'Registros de personas',
    about:
      'Una lista pública de personas, cada una con nombre, apellido y país. Se puede leer aquí, descargar, o consultar desde un programa.',
    documentation: 'Documentación de la API',
    other: { language: 'en', name: 'English' },
    total: 'registros',
    matching: 'registros coinciden con el filtro',
    taken: 'Lista tomada el',
    fields: { nombre: 'Nombre', apellido: 'Apellido', pais: 'País' },
    filterTitle: 'Filtrar',
    filterHint: 'Los valores deben ser exactos, con acentos y mayúsculas.',
    filter: 'Filtrar',
    clear: 'Quitar el filtro',
    countries: 'Países',
    moreCountries: 'Todos los países',
    records: 'Registros',
    noneMatch: 'Ningún registro coincide con el filtro.',
    none: 'Aquí no hay registros.',
    pages: 'Páginas',
    previous: 'Anterior',
    next: 'Siguiente',
    of: 'de',
    downloads: 'Descargar',
    downloadsHint: 'Los archivos contienen todos los registros que coinciden con el filtro.',
    csv: 'CSV',
    excel: 'CSV para Excel',
    ndjson: 'NDJSON',
    failed: 'La lista no se puede mostrar',
    again: 'Volver a empezar',
    request: 'Número de esta petición:',
    problems: {
      'invalid-parameters': 'La dirección de esta página tiene un valor que no es válido:',
      'malformed-request': 'La dirección de esta página está mal escrita.',
      'uri-too-long': 'La dirección de esta página es demasiado larga. Use menos valores, o más cortos.',
      'list-too-large': 'La lista es demasiado larga para filtrarla. Descárguela y fíltrela después.',
      'snapshot-expired':
        'Esta versión de la lista ya no se puede leer. Vuelva a empezar con la versión actual.',
      'rate-limited':
        'Desde su dirección llegaron demasiadas peticiones. Espere un momento y vuelva a intentarlo.',
      'warehouse-busy': 'Hay demasiadas lecturas a la vez. Espere medio minuto y vuelva a intentarlo.',
      'warehouse-timeout': 'Los registros no se leyeron a tiempo. Vuelva a intentarlo.',
      'warehouse-unavailable':
        'Los registros no se pueden leer en este momento. Vuelva a intentarlo en unos segundos.',
    },
    otherProblem:
      'El servicio falló. Si vuelve a ocurrir, avise a su operador y dele el número de esta petición.',
  },
  en: {
    title: 'Records of people',
    about:
      'A public list of people, each with a given name, a surname and a country. Read it here, download it, or query it from a program.',
    documentation: 'API documentation',
    other: { language: 'es', name: 'Español' },
    total: 'records',
    matching: 'records match the filter',
    taken: 'List taken on',
    fields: { nombre: 'Given name', apellido: 'Surname', pais: 'Country' },
    filterTitle: 'Filter',
    filterHint: 'Values must be exact, accents and capitals included.',
    filter: 'Filter',
    clear: 'Remove the filter',
    countries: 'Countries',
    moreCountries: 'All countries',
    records: 'Records',
    noneMatch: 'No record matches the filter.',
    none: 'There are no records here.',
    pages: 'Pages',
    previous: 'Previous',
    next: 'Next',
    of: 'of',
    downloads: 'Download',
    downloadsHint: 'The files hold all records that match the filter.',
    csv: 'CSV',
    excel: 'CSV for Excel',
    ndjson: 'NDJSON',
    failed: 'The list cannot be shown',
    again: 'Start again',
    request: 'Id of this request:',
    problems: {
      'invalid-parameters': 'The address of this page has a value that is not valid:',
      'malformed-request': 'The address of this page is not written correctly.',
      'uri-too-long': 'The address of this page is too long. Use fewer or shorter values.',
      'list-too-large': 'The list is too long to filter. Download it and filter it afterwards.',
      'snapshot-expired': 'This version of the list can no longer be read. Start again with the current one.',
      'rate-limited': 'Too many requests came from your address. Wait a moment, then try again.',
      'warehouse-busy': 'Too many reads are going on. Wait half a minute, then try again.',
      'warehouse-timeout': 'The records were not read in time. Try again.',
      'warehouse-unavailable': 'The records cannot be read at the moment. Try again in a few seconds.',
    },
    otherProblem: 'The service failed. If it happens again, give its operator the id of this request.',
  },
};

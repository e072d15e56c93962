import type { RecordRow } from '@records/records-schema';
import { idOf } from '../../shared/people.ts';

export const NAMES: readonly string[] = ['Ana', 'Beatriz', 'Camila', 'Diego', 'Elena', 'Felipe', 'Gabriela']
  .flatMap((first) => ['', 'Antonia', 'Belén', 'José', 'Luz', 'María'].map((second) => [first, second]))
  .map((names) => names.join(' ').trim());
const SURNAMES = [
  'Cárdenas',
  'Díaz',
  'Fuentes',
  'García',
  'Muñoz',
  'Núñez',
  'Quispe',
  'Rojas',
  'Silva',
  'Zúñiga',
];
export const COUNTRIES: readonly string[] = [
  ...['Argentina', 'Bolivia', 'Brasil', 'Chile', 'Colombia', 'Costa Rica', 'Cuba', 'Ecuador', 'El Salvador'],
  ...['Guatemala', 'Honduras', 'México', 'Nicaragua', 'Panamá', 'Paraguay', 'Perú', 'Uruguay', 'Venezuela'],
];

const of = (values: readonly string[], n: number): string => values[Math.floor(n) % values.length] ?? '';

/** The nth record. Names and countries are spread evenly. */
export function soakRecord(n: number): RecordRow {
  const apellido = `${of(SURNAMES, n / 7)} ${of(SURNAMES, n / 77)}`;
  return { id: idOf(n), nombre: of(NAMES, n / 3), apellido, pais: of(COUNTRIES, n) };
}

/** The nth time, counted from 1, that a place of this kind is reached: operations of other kinds that come in between do not shift it. */
export interface Occurrence {
  readonly place: string;
  readonly nth: number;
}

export function occurrences(places: readonly string[]): readonly Occurrence[] {
  const counts = new Map<string, number>();
  return places.map((place) => {
    const nth = (counts.get(place) ?? 0) + 1;
    counts.set(place, nth);
    return { place, nth };
  });
}

// Reads CSV, for the data sets of the benchmarks.

/** RFC 4180: fields in quotes may contain commas, line ends and doubled quotes. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)!.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'))
    if (end !== ',' && end !== undefined) rows.push([])
  }
  return rows.filter(row => row.length > 1)
}

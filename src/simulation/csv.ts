// Reads comma-separated values (RFC 4180): a header row, then one record a row.
import { Problem } from '../problem.ts'

/** The records by the names in the header. Throws `invalid` for an unclosed quote or a row of another length. */
export function readCsv(text: string): Record<string, string>[] {
  const rows = readRows(text.replace(/^\ufeff/, ''))
  const header = rows.shift()
  if (!header || rows.length === 0) throw new Problem('invalid', 'there is no row below the header')
  return rows.map((row, i) => {
    if (row.length !== header.length)
      throw new Problem('invalid', `row ${i + 2} has ${row.length} values, but the header has ${header.length}`)
    return Object.fromEntries(header.map((name, j) => [name.trim(), row[j]!]))
  })
}

function readRows(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let end = 0
  // A quoted or a plain value, and what ends it.
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy)) {
    const [all, quoted, plain = '', stop] = match
    end = match.index + all.length
    if (all === '' && row.length === 0) break
    row.push(quoted?.replaceAll('""', '"') ?? plain)
    if (stop === ',') continue
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  if (end < text.length)
    throw new Problem('invalid', `row ${rows.length + 1} has a quote that is not closed or stands alone`)
  return rows
}

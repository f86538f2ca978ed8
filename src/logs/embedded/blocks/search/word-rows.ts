// Finds the rows of a column of texts that contain words in a row, or parts of words, without making the texts.
import { indexText, type SoughtWords } from '../../../query/line-words.ts'
import { containsSequence } from '../../../query/matches.ts'
import { words } from '../../../query/words.ts'
import { RowSet } from '../columns/row-set.ts'
import type { TextColumn } from '../columns/text-column.ts'

/** A word of a template; null for a variable. */
type TemplateWord = string | null

const HAS_DIGIT = /[0-9]/

/** The rows, exactly, whose text contains the words in a row. */
export function rowsWithSequence(column: TextColumn, { sequence, prefix }: SoughtWords, rowCount: number): RowSet {
  const rows = new RowSet(rowCount)
  if (sequence.length === 0) return rows
  addRawRows(column, rows, text => containsSequence(words(indexText(text)), sequence, prefix))
  const isAscii = sequence.every(word => /^[a-z0-9]*$/.test(word))
  if (!isAscii) return rows
  if (sequence.length === 1 && !prefix && HAS_DIGIT.test(sequence[0]!)) {
    column.visitVariables(sequence[0]!, false, row => rows.add(row))
    return rows
  }
  for (let id = 1; id <= column.templates.length; id++) addTemplateRows(column, id, { sequence, prefix }, rows)
  return rows
}

/** The rows whose text may contain all these runs of letters and digits (lower case), ignoring case. */
export function rowsWithRuns(column: TextColumn, runs: readonly string[], rowCount: number): RowSet {
  let rows = RowSet.range(rowCount, 0, rowCount)
  if (runs.length === 0) return rows
  const raw = new RowSet(rowCount)
  addRawRows(column, raw, () => true)
  const folded = column.templates.map(template => template.toLowerCase())
  for (const run of runs) {
    const found = new RowSet(rowCount).or(raw)
    for (const [index, template] of folded.entries())
      if (template.includes(run)) for (const row of column.rowsOf(index + 1)) found.add(row)
    column.visitVariables(run, true, row => found.add(row))
    rows = rows.and(found)
    if (rows.isEmpty) return rows
  }
  return rows
}

function addRawRows(column: TextColumn, rows: RowSet, test: (text: string) => boolean): void {
  if (column.raw.length === 0) return
  for (const [rank, row] of column.rowsOf(0).entries()) if (test(column.raw[rank]!)) rows.add(row)
}

function addTemplateRows(column: TextColumn, id: number, sought: SoughtWords, rows: RowSet): void {
  const places = matchingPlaces(templateWords(column.piecesOf(id)), sought)
  if (places.length === 0) return
  const templateRows = column.rowsOf(id)
  if (places.some(variables => variables.length === 0)) {
    for (const row of templateRows) rows.add(row)
    return
  }
  for (const [rank, row] of templateRows.entries()) {
    const matchesVariables = (variables: readonly SoughtVariable[]) =>
      variables.every(({ place, word, isPrefix }) => {
        const variable = column.foldedVariable(id, place, rank)
        return isPrefix ? variable.startsWith(word) : variable === word
      })
    if (places.some(matchesVariables)) rows.add(row)
  }
}

type SoughtVariable = { place: number; word: string; isPrefix: boolean }

/** Where in a template the words may be: for each place the variables that must have certain values. */
function matchingPlaces(template: readonly TemplateWord[], { sequence, prefix }: SoughtWords): SoughtVariable[][] {
  const found: SoughtVariable[][] = []
  let place = 0
  for (let start = 0; start + sequence.length <= template.length; start++) {
    const variables = variablesAt(template, start, place, { sequence, prefix })
    if (variables) found.push(variables)
    if (template[start] === null) place++
  }
  return found
}

function variablesAt(
  template: readonly TemplateWord[],
  start: number,
  firstPlace: number,
  { sequence, prefix }: SoughtWords,
): SoughtVariable[] | null {
  const variables: SoughtVariable[] = []
  let place = firstPlace
  for (const [at, word] of sequence.entries()) {
    const isPrefix = prefix && at === sequence.length - 1
    const own = template[start + at]
    if (own === null) {
      // A variable has a digit.
      if (!isPrefix && !HAS_DIGIT.test(word)) return null
      variables.push({ place: place++, word, isPrefix })
    } else if (isPrefix ? !own!.startsWith(word) : own !== word) return null
  }
  return variables
}

function templateWords(pieces: readonly string[]): TemplateWord[] {
  const found: TemplateWord[] = []
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) found.push(null)
    found.push(...words(piece))
  }
  return found
}

// Writes the performance table of a run into a page, between its marks: `npm run bench -- --page docs/performance.md`.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem, type } from 'node:os'
import { formatBytes } from '../src/bytes.ts'
import type { Row } from './table.ts'

const BEGIN = '<!-- bench: begin -->'
const END = '<!-- bench: end -->'

/** Puts the rows of all parts of a run in place of what the page has. Throws when the page has no marks. */
export function writePage(file: string, parts: ReadonlyMap<string, readonly Row[]>): void {
  const page = readFileSync(file, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${file} has no marks "${BEGIN}" and "${END}" for the table.`)
  const rows = [...parts].flatMap(([part, list]) => list.map(row => writeRow(part, row)))
  const text = [writeMachine(), '', '| part | what | measured | goal |', '|---|---|---|---|', ...rows].join('\n')
  writeFileSync(file, `${page.slice(0, begin + BEGIN.length)}\n${text}\n${page.slice(end)}`)
}

function writeMachine(): string {
  const [processor] = cpus()
  const day = new Date().toISOString().slice(0, 10)
  const memory = formatBytes(totalmem())
  return `Measured on ${day}: ${cpus().length} × ${processor?.model.trim()}, ${memory} of memory, ${type()}, Node ${process.versions.node}.`
}

function writeRow(part: string, { what, value, goal, met }: Row): string {
  const verdict = goal === undefined ? '' : met ? goal : `${goal}: **missed**`
  return `| ${[part, what, value, verdict].map(cell => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
}

// Reads a scenario: one that comes with Vakt by its name, or a YAML file; mistakes are told with their line.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { Problem } from '../problem.ts'
import { readCsv } from './csv.ts'
import { LEVELS, type Scenario, scenarioShape } from './scenario.ts'

/** A scenario, and the rows of the tables that its sources read, by the name of the source. */
export type ReadScenario = { scenario: Scenario; tables: Record<string, Record<string, string>[]> }

const BUILT_IN = join(import.meta.dirname, '../../examples/scenarios')
const LARGEST = 1024 * 1024
const MOST_TOLD = 8

/** The names of the scenarios that come with Vakt. */
export function builtInScenarios(): string[] {
  return readdirSync(BUILT_IN)
    .filter(file => file.endsWith('.yaml'))
    .map(file => file.slice(0, -'.yaml'.length))
    .sort()
}

/**
 * The scenario that `asked` names: a built-in one, or the path of a file. Throws `not_found` when it is neither, `invalid`
 * with the line and the field of every mistake.
 */
export function readScenario(asked: string): ReadScenario {
  const file = builtInScenarios().includes(asked) ? join(BUILT_IN, `${asked}.yaml`) : resolve(asked)
  const scenario = parseScenario(
    readText(
      file,
      `There is no scenario "${asked}". Those that come with Vakt are ${builtInScenarios().join(', ')}; else give the path of a YAML file.`,
    ),
    asked,
  )
  const tables: ReadScenario['tables'] = {}
  for (const source of scenario.sources)
    if (source.kind === 'csv') tables[source.name] = readTable(resolve(dirname(file), source.file), source.name)
  return { scenario, tables }
}

/** The scenario that a YAML text says; `title` names it in what is thrown. */
export function parseScenario(text: string, title: string): Scenario {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false })
  const lineOf = (offset: number) => `line ${counter.linePos(offset).line}`
  if (document.errors.length > 0)
    throw mistakes(
      title,
      document.errors.map(error => `${lineOf(error.pos[0])}: ${error.message}`),
    )
  const parsed = scenarioShape.safeParse(plain(document, title))
  if (parsed.success) return parsed.data
  throw mistakes(
    title,
    parsed.error.issues.map(issue => {
      const { offset, place } = placeOf(document.contents, issue.path)
      return `${lineOf(offset)}: ${place === '' ? 'a scenario' : place} ${inWords(issue)}`
    }),
  )
}

function plain(document: Document.Parsed, title: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw mistakes(title, [(error as Error).message])
  }
}

function mistakes(title: string, all: readonly string[]): Problem {
  const more = all.length > MOST_TOLD ? [`… ${all.length - MOST_TOLD} more`] : []
  const list = [...all.slice(0, MOST_TOLD), ...more].map(one => `  ${one}`).join('\n')
  return new Problem('invalid', `The scenario ${title} is not right:\n${list}`)
}

/** Where a path leads in the document: the nearest node that is there, and the path as people read it. */
function placeOf(root: Node | null, path: readonly PropertyKey[]): { offset: number; place: string } {
  let node: Node | null = root
  let offset = root?.range?.[0] ?? 0
  let place = ''
  for (const step of path) {
    place += typeof step === 'number' ? `[${step}]` : `${place === '' ? '' : '.'}${String(step)}`
    const next = childOf(node, step)
    if (next) offset = next.range?.[0] ?? offset
    node = next
    const named = typeof step === 'number' && isMap(next) ? next.get('name') : null
    if (typeof named === 'string') place = `${place.replace(/\[\d+\]$/, '')} "${named.slice(0, 60)}"`
  }
  return { offset, place }
}

function childOf(node: Node | null, step: PropertyKey): Node | null {
  if (isSeq(node)) return (node.items[Number(step)] as Node | undefined) ?? null
  if (!isMap(node)) return null
  const pair = node.items.find(one => isScalar(one.key) && one.key.value === step)
  return (pair?.value as Node | undefined) ?? null
}

type Issue = { code: string; message: string; keys?: readonly string[]; input?: unknown }

function inWords(issue: Issue): string {
  if (issue.code === 'unrecognized_keys')
    return `says ${issue.keys!.map(key => `"${key}"`).join(', ')}, which is not known there`
  if (issue.code === 'invalid_type' && /received undefined/.test(issue.message)) return 'is missing'
  return /^(must|is|goes|"|says)/.test(issue.message) ? issue.message : `is not right: ${issue.message}`
}

function readTable(file: string, source: string): Record<string, string>[] {
  const rows = readCsvFile(file, source)
  for (const [i, { level }] of rows.entries())
    if (level !== undefined && !LEVELS.some(known => known === level))
      throw new Problem(
        'invalid',
        `The table of ${source}, ${file}, row ${i + 2}: level must be one of ${LEVELS.join(', ')}.`,
      )
  return rows
}

function readCsvFile(file: string, source: string): Record<string, string>[] {
  try {
    return readCsv(readText(file, `The table of ${source}, ${file}, is not there.`))
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid')
      throw new Problem('invalid', `The table of ${source}, ${file}, cannot be read: ${error.message}.`)
    throw error
  }
}

function readText(file: string, missing: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length <= LARGEST) return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Problem('not_found', missing)
    throw new Problem('not_found', `The file ${file} cannot be read: ${(error as Error).message}.`)
  }
  throw new Problem('too_large', `The file ${file} is larger than 1 MiB.`)
}

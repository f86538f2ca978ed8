// Reads a scenario, a built-in one by name or a YAML file, and reports errors with their line.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { MEBIBYTE } from '../bytes.ts'
import { Problem } from '../problem.ts'
import { readCsv } from './csv.ts'
import { LEVELS, type Scenario, scenarioShape } from './scenario.ts'
import type { SourceKind } from './sources/source-kind.ts'

/** A scenario, and by source name the rows of its tables and the modules that users wrote. */
export type ReadScenario = {
  scenario: Scenario
  tables: Record<string, Record<string, string>[]>
  modules?: Record<string, SourceKind>
}

const BUILT_IN = join(import.meta.dirname, '../../examples/scenarios')
const MAX_FILE_LENGTH = MEBIBYTE
const MAX_SHOWN_ERRORS = 8

/** The names of the built-in scenarios. */
export function builtInScenarios(): string[] {
  return readdirSync(BUILT_IN)
    .filter(file => file.endsWith('.yaml'))
    .map(file => file.slice(0, -'.yaml'.length))
    .sort()
}

/**
 * The scenario `nameOrFile`: a built-in one, or the path of a file. Throws `not_found` when there is neither, `invalid` with
 * the line and the field of every error.
 */
export function readScenario(nameOrFile: string): ReadScenario {
  const file = builtInScenarios().includes(nameOrFile) ? join(BUILT_IN, `${nameOrFile}.yaml`) : resolve(nameOrFile)
  const scenario = parseScenario(
    readText(
      file,
      `There is no scenario "${nameOrFile}". Built-in scenarios: ${builtInScenarios().join(', ')}. Or write the path of a YAML file.`,
    ),
    nameOrFile,
  )
  const tables: ReadScenario['tables'] = {}
  for (const source of scenario.sources) {
    if (source.kind === 'csv') tables[source.name] = readTable(resolve(dirname(file), source.file), source.name)
    if (source.kind === 'file') tables[source.name] = readLines(resolve(dirname(file), source.file), source.name)
  }
  return { scenario, tables, modules: {} }
}

/**
 * The scenario of a name: a built-in one, or `<name>.yaml` in `folder`, where people put their own. Throws as `readScenario`
 * does; a name is never a path.
 */
export function readNamedScenario(name: string, folder: string): ReadScenario {
  const known = [...builtInScenarios(), ...ownScenarios(folder)]
  if (!known.includes(name))
    throw new Problem(
      'not_found',
      `There is no scenario "${name}". Scenarios: ${known.join(', ')}. A file ${folder}/${SAFE_NAME.test(name) ? name : 'name'}.yaml adds one.`,
      { fields: { scenario: 'no such scenario' } },
    )
  return readScenario(builtInScenarios().includes(name) ? name : join(folder, `${name}.yaml`))
}

const SAFE_NAME = /^[\w][\w.-]{0,59}$/

/** The names of the scenarios in a folder; none without the folder. */
export function ownScenarios(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(file => file.endsWith('.yaml'))
      .map(file => file.slice(0, -'.yaml'.length))
      .filter(name => SAFE_NAME.test(name))
      .sort()
  } catch {
    return []
  }
}

/** Reads the modules of a scenario's sources. Throws `not_found`, or `invalid` for a module that writes no lines. */
export async function readModules(read: ReadScenario, nameOrFile: string): Promise<ReadScenario> {
  const modules: Record<string, SourceKind> = {}
  for (const source of read.scenario.sources) {
    if (source.kind !== 'module') continue
    const path = resolve(dirname(resolve(nameOrFile)), source.module)
    modules[source.name] = await readModule(path, source.name)
  }
  return { ...read, modules }
}

/** Parses a scenario in YAML; `title` names it in errors. */
export function parseScenario(text: string, title: string): Scenario {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false })
  const lineOf = (offset: number) => `line ${counter.linePos(offset).line}`
  if (document.errors.length > 0)
    throw invalidScenario(
      title,
      document.errors.map(error => `${lineOf(error.pos[0])}: ${error.message}`),
    )
  const parsed = scenarioShape.safeParse(plain(document, title))
  if (parsed.success) return parsed.data
  throw invalidScenario(
    title,
    parsed.error.issues.map(issue => {
      const { offset, place } = placeOf(document.contents, issue.path)
      return `${lineOf(offset)}: ${place === '' ? 'a scenario' : place} ${describeIssue(issue)}`
    }),
  )
}

function plain(document: Document.Parsed, title: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw invalidScenario(title, [(error as Error).message])
  }
}

function invalidScenario(title: string, all: readonly string[]): Problem {
  const more = all.length > MAX_SHOWN_ERRORS ? [`… ${all.length - MAX_SHOWN_ERRORS} more`] : []
  const list = [...all.slice(0, MAX_SHOWN_ERRORS), ...more].map(line => `  ${line}`).join('\n')
  return new Problem('invalid', `The scenario ${title} is invalid:\n${list}`)
}

/** The place of a path in the document: the nearest existing node, and the path for people. */
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
  const pair = node.items.find(({ key }) => isScalar(key) && key.value === step)
  return (pair?.value as Node | undefined) ?? null
}

type Issue = { code: string; message: string; keys?: readonly string[]; input?: unknown }

function describeIssue(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return `has the unknown key ${issue.keys!.map(key => `"${key}"`).join(', ')}`
  if (issue.code === 'invalid_type' && /received undefined/.test(issue.message)) return 'is missing'
  return /^(must|is|"|has)/.test(issue.message) ? issue.message : `is invalid: ${issue.message}`
}

async function readModule(path: string, source: string): Promise<SourceKind> {
  const loaded = (await import(pathToFileURL(path).href).catch(error => {
    throw new Problem('not_found', `The module of ${source}, ${path}, cannot be read: ${(error as Error).message}.`)
  })) as Partial<SourceKind> & { default?: Partial<SourceKind> }
  const { write, contentType = 'application/json', query } = loaded.default ?? loaded
  if (typeof write !== 'function' || (contentType !== 'application/json' && contentType !== 'text/plain'))
    throw new Problem(
      'invalid',
      `The module of ${source}, ${path}, must export a function write(line, random) that returns text, and may export contentType, application/json or text/plain.`,
    )
  const named: SourceKind['query'] = ({ name, host }) => ({ source: name, host })
  return { kind: 'module', contentType, query: query ?? named, write: (...given) => String(write(...given)) }
}

/** The lines of a text file as rows of a table, without empty ones. */
function readLines(path: string, source: string): Record<string, string>[] {
  const lines = readText(path, `There is no file ${path} for ${source}.`).split(/\r?\n/)
  const rows = lines.filter(line => line.trim() !== '').map(line => ({ line }))
  if (rows.length === 0) throw new Problem('invalid', `The file of ${source}, ${path}, has no lines.`)
  return rows
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
    return readCsv(readText(file, `There is no table ${file} for ${source}.`))
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid')
      throw new Problem('invalid', `The table of ${source}, ${file}, cannot be read: ${error.message}.`)
    throw error
  }
}

function readText(file: string, missing: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length <= MAX_FILE_LENGTH) return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Problem('not_found', missing)
    throw new Problem('not_found', `The file ${file} cannot be read: ${(error as Error).message}.`)
  }
  throw new Problem('too_large', `The file ${file} is larger than 1 MiB.`)
}

// Public sets of log lines in which people marked the lines of incidents. A set is a `.log` file whose lines begin with a label, `-`
// for a healthy line, as in BGL, Thunderbird, Spirit and Liberty of LogHub (github.com/logpai/loghub). Its licence forbids copies in
// this repository, so a folder is given by hand. Cite: Zhu et al., Loghub: A Large Collection of System Log Datasets, ISSRE 2023.
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseCsv } from '../bench/csv.ts'

/** A line without its label; `template` identifies lines of the same form. */
export type LabelledLine = { text: string; isLabelled: boolean; template: string }
export type LabelledSet = { name: string; lines: readonly LabelledLine[] }

const HEALTHY_LABEL = '-'
const LABEL = /^(-|[A-Z][A-Z0-9_]{2,})$/
/** Longer sets are read to here. */
const MAX_LINES = 200_000
/** A file counts as labelled when this share of its lines begins with a label. */
const MIN_LABELLED_SHARE = 0.99

/** Reads every labelled set in a folder and its direct sub-folders; sets without any labelled line are left out. */
export async function readLabelledSets(folder: string): Promise<LabelledSet[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const folders = [folder, ...entries.filter(entry => entry.isDirectory()).map(({ name }) => join(folder, name))]
  const files = (await Promise.all(folders.map(listLogFiles))).flat().sort()
  const sets = await Promise.all(files.map(readSet))
  return sets.filter(set => set !== null)
}

async function listLogFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(name => name.endsWith('.log')).map(name => join(folder, name))
}

async function readSet(file: string): Promise<LabelledSet | null> {
  const rows: { label: string; text: string }[] = []
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    const space = line.indexOf(' ')
    rows.push({ label: line.slice(0, Math.max(0, space)), text: line.slice(space + 1) })
    if (rows.length >= MAX_LINES) break
  }
  if (rows.filter(({ label }) => LABEL.test(label)).length < rows.length * MIN_LABELLED_SHARE) return null
  if (rows.every(({ label }) => label === HEALTHY_LABEL) || rows.every(({ label }) => label !== HEALTHY_LABEL))
    return null
  const templates = await readTemplates(`${file}_structured.csv`, rows.length)
  return {
    name: basename(file),
    lines: rows.map(({ label, text }, at) => ({
      text,
      isLabelled: label !== HEALTHY_LABEL,
      template: templates?.[at] ?? writeTemplate(label, text),
    })),
  }
}

/** The templates of the lines by the set's own structured table, or null without one for exactly these lines. */
async function readTemplates(file: string, lines: number): Promise<string[] | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  const [header, ...rows] = parseCsv(text)
  const column = header!.indexOf('EventId')
  const body = rows.filter(row => row.length === header!.length)
  return column >= 0 && body.length === lines ? body.map(row => row[column]!) : null
}

/** Without a table: the label and the words without digits. */
function writeTemplate(label: string, text: string): string {
  const words = text.split(/\s+/).map(word => (/\d/.test(word) ? '*' : word))
  return [label, ...words].join(' ')
}

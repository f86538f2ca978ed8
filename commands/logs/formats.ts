// The commands for log formats: which ones Vakt knows, how it reads a line, and formats that users add.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { positional } from '../../src/command/command.ts'
import type { Format } from '../../src/logs/formats/format.ts'
import { FORMATS } from '../../src/logs/formats/formats.ts'
import { createUserFormat, type UserFormat } from '../../src/logs/formats/user-format.ts'
import { explainText } from '../../src/logs/intake/explain.ts'
import { lineSettings } from '../../src/logs/line-settings.ts'
import {
  listLogFormats,
  readLogFormat,
  removeLogFormat,
  saveLogFormat,
  userFormats,
} from '../../src/logs/log-formats.ts'
import { scopeToProject } from '../../src/logs/query/scope-query.ts'
import { Problem } from '../../src/problem.ts'
import { findProject, type Project } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { isoTime, SECOND } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, projectName, yes } from '../context.ts'

/** How many of the newest stored lines a new format is tried on, and how many it changes are shown. */
const TRIED_LINES = 500
const SHOWN_LINES = 3
const SEARCH_TIMEOUT_MS = 5 * SECOND
const MAX_LINE_LENGTH = 4_000

const inProject = () => projectName().optional().describe('Project (default: the project "default")')
const formatName = () =>
  positional(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and dashes')).describe(
    'Name of the format',
  )

const list = command({
  name: 'formats list',
  summary: 'Show the log formats that Vakt knows',
  role: 'viewer',
  examples: ['formats list', 'formats list laravel'],
  args: {
    words: positional(z.string().max(100)).optional().describe('Program or format to look for (default: all)'),
    project: inProject(),
  },
  run({ words = '', project: name }, { state }) {
    const project = findProject(state, name)
    const own = listLogFormats(state, project.id).filter(({ name, addedBy }) => fits(words, name, addedBy))
    const known = formatsOf(words)
    const count = own.length + known.length
    return {
      card: {
        title: count === 0 ? 'No log format found' : plural(count, 'log format'),
        tone: 'plain',
        lines: [
          ...(count === 0 ? [`No name of a format has ${words}. A line may be understood all the same.`] : []),
          ...own.map(({ name, addedBy }): Text => [{ bold: name }, `: added by ${addedBy}`]),
          ...known.map(({ name, title }): Text => [{ bold: name }, `: ${title}`]),
        ],
        footer: 'formats test "<line>" shows how a line is read. JSON, logfmt and plain text need no format.',
      },
      result: {
        formats: [
          ...own.map(({ name, pattern, addedBy, addedAt }) => ({
            name,
            pattern,
            added_by: addedBy,
            added_at: isoTime(addedAt),
          })),
          ...known.map(({ name, title, kind, examples }) => ({ name, title, kind, examples: examples.length })),
        ],
      },
    }
  },
})

/** The formats that Vakt knows whose name or title has all words. */
function formatsOf(words: string): readonly Format[] {
  return FORMATS.filter(({ name, title }) => fits(words, name, title))
}

function fits(words: string, ...texts: readonly string[]): boolean {
  const text = texts.join(' ').toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word))
}

const show = command({
  name: 'formats show',
  summary: 'Show a log format: its pattern and examples',
  role: 'viewer',
  args: { name: formatName(), project: inProject() },
  run({ name, project }, { state }) {
    const known = FORMATS.find(format => format.name === name)
    if (known) return { card: formatCard(known), result: { format: { name, title: known.title, kind: known.kind } } }
    const own = listLogFormats(state, findProject(state, project).id).find(format => format.name === name)
    if (!own) throw unknownFormat(name)
    const { pattern, addedBy, addedAt } = own
    return {
      card: { title: `Format ${name}`, tone: 'plain', lines: [`Added by ${addedBy}.`], code: { text: pattern } },
      result: { format: { name, pattern, added_by: addedBy, added_at: isoTime(addedAt) } },
    }
  },
})

/** The problem of a name that no format has: programs have other names than their formats. */
function unknownFormat(name: string): Problem {
  const meant = formatsOf(name).map(format => format.name)
  const hint = meant.length > 0 ? `${plural(meant.length, 'format')} for it: ${meant.slice(0, 5).join(', ')}. ` : ''
  return new Problem('not_found', `There is no format "${name}". ${hint}"formats list" shows all formats.`, {
    fields: { name: 'no such format' },
  })
}

function formatCard(format: Format) {
  const examples = format.examples.slice(0, SHOWN_LINES).map(({ text }) => text)
  return {
    title: `Format ${format.name}`,
    tone: 'plain' as const,
    lines: [`${format.title}.`, ...(format.kind === 'record' ? [`JSON with ${format.names.join(', ')}.`] : [])],
    code: { text: examples.join('\n') },
  }
}

const test = command({
  name: 'formats test',
  summary: 'Show how a log line is read, and why',
  examples: ['formats test "[2026-11-29 10:00:00] production.ERROR: no route to the bank"'],
  role: 'viewer',
  args: {
    line: positional(z.string().min(1).max(MAX_LINE_LENGTH)).describe('Line as its program writes it'),
    project: inProject(),
  },
  run({ line: text, project: name }, context) {
    const project = findProject(context.state, name)
    const [found] = explainText(text, batchOf(project, context))
    if (!found)
      return { card: { title: 'An empty line is not stored', tone: 'muted' }, result: { line: null, formats: [] } }
    const { line, formats } = found
    const zone = context.config.timeZone
    const hasTime = line.timestamp !== line.receivedAt
    const time = hasTime
      ? [
          { time: line.timestamp, style: 'moment' as const },
          line.isZoneAssumed ? `, read in the zone ${project.timeZone ?? zone}` : '',
        ]
      : 'none that is certain; the time of receipt is used'
    const fields: { name: string; value: Text }[] = [
      { name: 'Format', value: formats.length > 0 ? formats.join(', then ') : 'none; read as JSON, logfmt or text' },
      { name: 'Time', value: time },
      { name: 'Level', value: line.level },
      { name: 'Source', value: line.source || '(the sender gives it)' },
      ...(line.host ? [{ name: 'Host', value: line.host }] : []),
      ...Object.entries(line.attributes).map(([name, value]) => ({
        name,
        value: typeof value === 'string' ? value : JSON.stringify(value),
      })),
    ]
    return {
      card: {
        title: 'This line is read as',
        tone: 'plain',
        code: { text: line.stack ? `${line.message}\n${line.stack}` : line.message },
        fields,
      },
      result: {
        formats,
        line: {
          timestamp: isoTime(line.timestamp),
          has_time: hasTime,
          zone_assumed: line.isZoneAssumed === true,
          level: line.level,
          message: line.message,
          source: line.source,
          host: line.host,
          stack: line.stack,
          attributes: line.attributes,
        },
      },
    }
  },
})

function batchOf(project: Project, { state, config, now }: Context, formats = userFormats(state, project.id)) {
  const { formats: _, ...settings } = lineSettings(state, project, null, config.timeZone)
  return {
    ...settings,
    ...(formats === undefined ? {} : { formats }),
    defaults: {},
    receivedAt: now,
    limits: { lines: 100, messageBytes: project.messageLimit },
    retentionMs: config.retentionMs,
    idempotencyKey: null,
  }
}

const add = command({
  name: 'formats add',
  summary: 'Add a log format for the lines of a project',
  details:
    'The pattern is a regular expression (RE2). Its named groups are the parts of a line: time, level, message, source, host; any other name is an attribute. It is tried on stored lines first, and before all other formats from then on. Lines that are stored stay as they are.',
  examples: ["formats add tills --pattern '^(?<till>T[0-9]+) (?<time>[^ ]+ [^ ]+) (?<level>[A-Z]+) (?<message>.*)$'"],
  role: 'admin',
  args: {
    name: formatName(),
    pattern: z.string().min(1).max(500).describe('Regular expression with named groups'),
    project: inProject(),
    yes: yes(),
  },
  async run({ name, pattern, project: projectName, yes }, context) {
    const project = findProject(context.state, projectName)
    createUserFormat({ name, pattern })
    const tried = await tryOnStored({ name, pattern }, project, context)
    if (context.interactive && !yes)
      return confirmation(`Add the format ${name}?`, triedLines(tried), {
        line: `formats add ${name} --pattern ${JSON.stringify(pattern)} --project ${project.name}`,
      })
    const isKnown = listLogFormats(context.state, project.id).some(format => format.name === name)
    saveLogFormat(context.state, {
      projectId: project.id,
      name,
      pattern,
      addedBy: context.by.name,
      addedAt: context.now,
    })
    return {
      card: {
        title: isKnown ? `Format ${name} is replaced` : `Format ${name} is active`,
        tone: 'good',
        lines: triedLines(tried),
      },
      result: { format: { name, pattern }, tried: tried.lines, matched: tried.matched },
    }
  },
})

type Tried = { lines: number; matched: number; samples: string[] }

/** The newest stored lines of the project, and which of them the format would read. */
async function tryOnStored(format: UserFormat, project: Project, context: Context): Promise<Tried> {
  const { pattern } = createUserFormat(format)
  if (!context.store) return { lines: 0, matched: 0, samples: [] }
  const query = scopeToProject({ where: null, from: null, until: null }, project.name)
  const page = await context.store.search({
    query,
    order: 'newest',
    limit: TRIED_LINES,
    cursor: null,
    timeoutMs: SEARCH_TIMEOUT_MS,
  })
  const matching = page.lines.filter(({ message }) => pattern.exec(message) !== null)
  const samples = matching
    .slice(0, SHOWN_LINES)
    .flatMap(({ message }) =>
      explainText(message, batchOf(project, context, [format])).map(({ line }) => `${line.level}: ${line.message}`),
    )
  return { lines: page.lines.length, matched: matching.length, samples }
}

function triedLines({ lines, matched, samples }: Tried): Text[] {
  if (lines === 0) return ['No line is stored yet that it could be tried on.']
  return [
    `It reads ${matched} of the newest ${plural(lines, 'line')}.`,
    ...samples.map((sample): Text => [{ code: sample }]),
  ]
}

const remove = command({
  name: 'formats remove',
  summary: 'Remove a log format that was added; stored lines stay as they are',
  role: 'admin',
  args: { name: formatName(), project: inProject() },
  run({ name, project }, { state }) {
    const { id, name: projectName } = findProject(state, project)
    const { pattern } = readLogFormat(state, id, name)
    removeLogFormat(state, id, name)
    const line = `formats add ${name} --pattern ${JSON.stringify(pattern)} --project ${projectName} --yes`
    return {
      card: {
        title: `Format ${name} removed`,
        tone: 'muted',
        lines: ['The next lines are read without it.'],
        code: { text: pattern },
        buttons: [{ label: 'Undo', line }],
      },
      result: { format: { name, pattern } },
    }
  },
})

export const formatCommands = [list, show, test, add, remove]

// Reads names of containers, and reads, filters and shows their lines.
import { z } from 'zod'
import type { Span, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import { buildLogsArgv } from '../../src/hosts/containers/engine-argv.ts'
import { containerProblem } from '../../src/hosts/containers/errors.ts'
import {
  createLineSplitter,
  detectOutputLevel,
  type OutputLine,
  parseStamped,
  stripControlSequences,
} from '../../src/hosts/containers/output-line.ts'
import { type Host, isContainerName, parsePattern, parseReference } from '../../src/hosts/host.ts'
import { findHost, listHosts } from '../../src/hosts/hosts.ts'
import { LEVELS, type Level } from '../../src/logs/line.ts'
import { parseQuery } from '../../src/logs/query/parse.ts'
import { compileRegex, findAll } from '../../src/logs/query/regex.ts'
import { wildcardTest } from '../../src/logs/query/wildcard.ts'
import { redact } from '../../src/logs/redact/redact.ts'
import { Problem } from '../../src/problem.ts'
import { truncate } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'
import { SEARCH_TIMEOUT_MS } from '../logs/log-query.ts'

/** A container of a host by name; only the host knows whether it exists. */
export type ContainerTarget = { host: Host; container: string }

const MAX_TARGETS = 20
/** The longest command line that fits into a button on all chat platforms. */
export const MAX_BUTTON_LINE_LENGTH = 90
const MAX_LINE_LENGTH = 300

/** The argument that names one or more containers. */
export const containerNames = () => completes(positional(z.string().trim().min(1).max(500)), 'container')

/** Reads one container, `host/name`. Throws `invalid` or `not_found`. */
export function readTarget({ state }: Context, text: string): ContainerTarget {
  const { host, container } = parseReference(text)
  return { host: findHost(state, host), container }
}

/** Reads containers by name or pattern, separated by spaces or commas. Throws when a pattern matches none, and for too many. */
export function readTargets(context: Context, text: string): ContainerTarget[] {
  const words = text.split(/[\s,]+/).filter(word => word !== '')
  const found = words.flatMap(word =>
    word.includes('*') ? findMatchingTargets(context, word) : [readTarget(context, word)],
  )
  const unique = new Map(found.map(target => [`${target.host.id}/${target.container}`, target]))
  if (unique.size > MAX_TARGETS)
    throw new Problem('invalid', `${unique.size} containers are too many. Choose at most ${MAX_TARGETS}.`)
  return [...unique.values()]
}

/** The known containers that match a pattern such as `web-*` + `/api`. Throws `not_found` for none. */
export function findMatchingTargets({ state }: Context, pattern: string): ContainerTarget[] {
  const wanted = parsePattern(pattern)
  const [matchesHost, matchesName] = [wildcardTest(wanted.host), wildcardTest(wanted.container)]
  const found = listHosts(state)
    .filter(host => matchesHost(host.name))
    .flatMap(host =>
      listContainers(state, host.id)
        .filter(({ name }) => matchesName(name) && isContainerName(name))
        .map(({ name }) => ({ host, container: name })),
    )
  if (found.length > 0) return found
  throw new Problem('not_found', `No container matches "${pattern}". "containers list" shows all containers.`, {
    fields: { container: 'no match' },
  })
}

/**
 * Reads the last lines of each container, unordered, and the problems of those that failed, each sentence once. Rejects with
 * the first problem when all fail. `since` is RFC 3339.
 */
export async function readLastLines(
  context: Context,
  targets: readonly ContainerTarget[],
  lines: number,
  since: string | undefined,
) {
  const each = await Promise.allSettled(targets.map(target => readLines(context, target, lines, since)))
  const failed = each.filter(result => result.status === 'rejected').map(result => result.reason)
  const unexpected = failed.find(error => !(error instanceof Problem))
  if (failed.length === targets.length || unexpected !== undefined) throw unexpected ?? failed[0]
  return {
    read: each.flatMap(result => (result.status === 'fulfilled' ? result.value : [])),
    problems: [...new Set(failed.map((error: Problem) => error.message))],
  }
}

async function readLines(
  context: Context,
  target: ContainerTarget,
  lines: number,
  since: string | undefined,
): Promise<OutputLine[]> {
  const { host, container } = target
  const { engine, machine } = await context.hostRuntime.engine(host)
  const argv = buildLogsArgv(engine, container, { lines, follow: false, ...(since === undefined ? {} : { since }) })
  const output = await machine.run(argv)
  const read = (['stdout', 'stderr'] as const).flatMap(stream => {
    const found: OutputLine[] = []
    const splitter = createLineSplitter(line => {
      const stamped = parseStamped(line)
      if (stamped) found.push({ host: host.name, container, stream, ...stamped })
    })
    splitter.add(Buffer.from(output[stream]))
    splitter.end()
    return found
  })
  if (output.code === 0 || read.length > 0) return read
  throw await withStoredLinesHint(containerProblem(host, engine, container, output), context, target)
}

/** Adds where the stored lines of a container are that no longer exists, if there are any. */
async function withStoredLinesHint(
  problem: Problem,
  { store, now, config }: Context,
  { host, container }: ContainerTarget,
): Promise<Problem> {
  if (problem.code !== 'not_found' || !store) return problem
  const query = `source:${quoteWord(container)} host:${quoteWord(host.name)}`
  const stored = await store.count(parseQuery(query, now, config.timeZone), SEARCH_TIMEOUT_MS).catch(() => null)
  if (!stored || stored.total === 0) return problem
  return new Problem(problem.code, `${problem.message} Vakt has stored lines of it: logs search ${query}`, {
    ...(problem.fields ? { fields: problem.fields } : {}),
  })
}

export const writeTarget = ({ host, container }: ContainerTarget) => `${host.name}/${container}`

/** Creates a filter by regular expression (linear in time) and lowest level. Throws `invalid` for an invalid expression. */
export function createLineFilter({ grep, level }: { grep?: string | undefined; level?: Level | undefined }) {
  const regex = grep === undefined ? null : compileGrep(grep)
  const minLevel = level === undefined ? 0 : LEVELS.indexOf(level)
  return {
    accepts: (text: string) =>
      (regex === null || regex.test(text)) && (minLevel === 0 || LEVELS.indexOf(detectOutputLevel(text)) >= minLevel),
    /** Where the expression matches, to highlight it. */
    matches: (text: string) => (regex === null ? [] : findAll(regex, text, 10)),
  }
}

export type LineFilter = ReturnType<typeof createLineFilter>

/** Removes control sequences and masks secrets, as the log store does. */
export function toSafeLine(line: OutputLine): OutputLine {
  return { ...line, text: redact(stripControlSequences(line.text)) }
}

const ICONS: Record<Level, string> = { trace: '▫️', debug: '▫️', info: '🔹', warn: '🔸', error: '🔴', fatal: '🟣' }

/** A line for a card; `isMerged` adds the name of the container. */
export function lineText(line: OutputLine, filter: LineFilter, isMerged: boolean): Text {
  const text = truncate(line.text, MAX_LINE_LENGTH)
  const from = isMerged ? [{ code: `${line.host}/${line.container}` }, ' '] : []
  const error = line.stream === 'stderr' ? [{ code: 'err' }, ' '] : []
  const icon = `${ICONS[detectOutputLevel(line.text)]} `
  return [icon, { time: line.at, style: 'clock' }, ' ', ...from, ...error, ...markMatches(text, filter.matches(text))]
}

/** A line for a file. */
export function writeLine(line: OutputLine, isMerged: boolean): string {
  return `${line.stamp} ${isMerged ? `${line.host}/${line.container} ` : ''}${line.stream} ${line.text}`
}

export function lineResult(line: OutputLine) {
  const { host, container, stream, text } = line
  return { host, container, stream, timestamp: isoTime(line.at), level: detectOutputLevel(text), message: text }
}

function markMatches(text: string, matches: readonly [number, number][]): Span[] {
  const spans: Span[] = []
  let at = 0
  for (const [from, until] of matches.filter(([from, until]) => until > from)) {
    if (from > at) spans.push(text.slice(at, from))
    spans.push({ bold: text.slice(from, until) })
    at = until
  }
  return at < text.length ? [...spans, text.slice(at)] : spans
}

function compileGrep(source: string) {
  try {
    return compileRegex(source, source === source.toLowerCase())
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new Problem('invalid', error.message, { fields: { grep: error.message } })
  }
}
